//! Maps [`enum@model::Error`] to HTTP.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use model::{Error, ErrorCode, FieldError};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The result of a handler.
pub type ApiResult<T, E = ApiError> = Result<T, E>;

/// The body of every error.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ErrorBody {
    /// The HTTP status.
    #[schema(example = 404)]
    pub status_code: u16,
    /// The stable code to branch on.
    #[schema(example = "RESOURCE_NOT_FOUND")]
    pub code: String,
    /// The message for people, which may change.
    pub message: String,
    /// The same as `message`, under the name that clients of the originals read.
    pub detail: String,
    /// The invalid fields. It is absent if the error is not about fields.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldError>,
    /// The id of the request, for support.
    pub request_id: String,
}

/// The error of a request: an [`enum@Error`], or a refusal that exists only in HTTP.
#[derive(Debug)]
pub enum ApiError {
    Domain(Error),
    Http(StatusCode, ErrorCode, String),
}

impl ApiError {
    pub(super) fn unknown_path() -> Self {
        Self::Domain(Error::NotFound("this path"))
    }

    pub(super) fn method_not_allowed() -> Self {
        let message = "this path does not accept this method";
        Self::Http(StatusCode::METHOD_NOT_ALLOWED, ErrorCode::MethodNotAllowed, message.into())
    }
}

impl<E: Into<Error>> From<E> for ApiError {
    fn from(error: E) -> Self {
        Self::Domain(error.into())
    }
}

const fn status(error: &Error) -> StatusCode {
    match error {
        Error::Unauthenticated(_) => StatusCode::UNAUTHORIZED,
        Error::Forbidden(..) => StatusCode::FORBIDDEN,
        Error::NotFound(_) => StatusCode::NOT_FOUND,
        Error::Malformed(_) | Error::UnknownMessageType => StatusCode::BAD_REQUEST,
        Error::Invalid(_) | Error::InvalidContent(_) => StatusCode::UNPROCESSABLE_ENTITY,
        Error::Conflict(..) => StatusCode::CONFLICT,
        Error::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
        Error::RateLimited { .. } => StatusCode::TOO_MANY_REQUESTS,
        Error::Unavailable { .. } => StatusCode::SERVICE_UNAVAILABLE,
        Error::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl IntoResponse for ApiError {
    /// Makes the response. The module `observe` adds the request id.
    fn into_response(self) -> Response {
        let (status, code, message, fields, retry_after) = match self {
            Self::Http(status, code, message) => (status, code, message, Vec::new(), None),
            Self::Domain(error) => {
                if let Error::Internal(source) = &error {
                    tracing::error!(error = %source, debug = ?source, "internal error");
                } else if let Error::Unavailable { service, source } = &error {
                    tracing::warn!(service, error = %source, "a dependency failed");
                }
                let retry_after = match &error {
                    Error::RateLimited { retry_after } => Some(retry_after.as_secs().max(1)),
                    Error::Unavailable { .. } => Some(1),
                    _ => None,
                };
                let message = error.to_string();
                let code = error.code();
                (status(&error), code, message, error.fields().to_vec(), retry_after)
            }
        };
        let body = ErrorBody {
            status_code: status.as_u16(),
            code: code.http().into(),
            detail: message.clone(),
            message,
            fields,
            request_id: String::new(),
        };
        let mut response = (status, Json(&body)).into_response();
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response.extensions_mut().insert(body);
        response
    }
}
