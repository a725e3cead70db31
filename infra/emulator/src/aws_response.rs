//! The two response formats of AWS. REST-JSON names the error in `x-amzn-errortype`, AWS JSON 1.0 in `__type` of the
//! body.

use axum::{
    Json,
    response::{IntoResponse, Response},
    serve::{Listener, ListenerExt},
};
use http::{HeaderName, HeaderValue, StatusCode, header::CONTENT_TYPE};
use serde::Serialize;
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};

use crate::iam::AccessRefusal;

pub(crate) const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");
const AWS_JSON: HeaderValue = HeaderValue::from_static("application/x-amz-json-1.0");

pub(crate) fn rest_error(status: StatusCode, kind: &'static str, message: &str) -> Response {
    let kind = [(ERROR_TYPE, HeaderValue::from_static(kind))];
    (status, kind, Json(json!({ "message": message }))).into_response()
}

/// The response to a request that is unsigned, signed with an unknown key, or not permitted.
pub(crate) fn rest_refusal_response(refusal: &AccessRefusal) -> Response {
    let (kind, message) = match refusal {
        AccessRefusal::Unsigned => ("MissingAuthenticationTokenException", "Missing Authentication Token"),
        AccessRefusal::Unknown => {
            ("UnrecognizedClientException", "The security token included in the request is invalid.")
        }
        AccessRefusal::Denied(text) => ("AccessDeniedException", text.as_str()),
    };
    rest_error(StatusCode::FORBIDDEN, kind, message)
}

pub(crate) fn aws_json(status: StatusCode, body: &impl Serialize) -> Response {
    match serde_json::to_vec(body) {
        Ok(body) => aws_json_bytes(status, body),
        Err(error) => {
            tracing::error!(%error, "response not serialized");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// A response whose body is AWS JSON already.
pub(crate) fn aws_json_bytes(status: StatusCode, body: Vec<u8>) -> Response {
    (status, [(CONTENT_TYPE, AWS_JSON)], body).into_response()
}

/// Turns Nagle's algorithm off, because it would delay each small response by up to 40 ms.
pub(crate) fn with_nodelay(
    listener: TcpListener,
) -> impl Listener<Io = TcpStream, Addr = std::net::SocketAddr> {
    listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY not set");
        }
    })
}
