//! Input that is validated before the handler runs.

use axum::{
    body::{Body, to_bytes},
    extract::{FromRequest, FromRequestParts, Query},
};
use garde::{Report, Validate};
use http::{HeaderMap, Request, StatusCode, header, request::Parts};
use model::{Error, ErrorCode, FieldError, UserId};
use serde::{Deserialize, de::DeserializeOwned};
use store::PageRequest;
use utoipa::IntoParams;

use super::{MAX_BODY_BYTES, error::ApiError};
use crate::App;

/// A valid JSON body. An empty body counts as `{}`.
///
/// The extractor answers 413 above [`MAX_BODY_BYTES`], 415 for another content type, 400 for text that is not JSON, and
/// 422 with every invalid field.
#[derive(Debug)]
pub struct ValidJson<T>(pub T);

impl<T> FromRequest<App> for ValidJson<T>
where
    T: DeserializeOwned + Validate<Context = ()>,
{
    type Rejection = ApiError;

    async fn from_request(request: Request<Body>, _: &App) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        let bytes = to_bytes(body, MAX_BODY_BYTES).await.map_err(|_| {
            let message = format!("the body must have at most {} KB", MAX_BODY_BYTES / 1024);
            ApiError::Http(StatusCode::PAYLOAD_TOO_LARGE, ErrorCode::PayloadTooLarge, message)
        })?;
        let bytes = if bytes.is_empty() {
            b"{}".as_slice().into()
        } else if is_json(&parts.headers) {
            bytes
        } else {
            let message = "the content type must be application/json";
            let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
            return Err(ApiError::Http(status, ErrorCode::UnsupportedMediaType, message.into()));
        };
        Ok(Self(parse_json(&bytes)?))
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = content_type.and_then(|value| value.split(';').next()).unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json") || essence.to_ascii_lowercase().ends_with("+json")
}

fn parse_json<T: DeserializeOwned + Validate<Context = ()>>(bytes: &[u8]) -> Result<T, Error> {
    // serde also reads a struct from an array by position, which no client means
    let is_object = bytes.trim_ascii_start().starts_with(b"{");
    if !is_object && serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_ok() {
        return Err(Error::field("body", "must be a JSON object"));
    }
    let input: T = serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_slice(bytes))
        .map_err(|error| {
            let path = error.path().to_string();
            let inner = error.into_inner();
            if inner.is_data() {
                Error::Invalid(vec![type_error(&path, &inner.to_string())])
            } else {
                Error::Malformed(format!("the body must be JSON: {inner}"))
            }
        })?;
    input.validate().map_err(|report| Error::Invalid(field_errors(&report)))?;
    Ok(input)
}

/// Returns an error of serde with its field and without the position in the text.
fn type_error(path: &str, message: &str) -> FieldError {
    let message = message.split(" at line ").next().unwrap_or(message);
    let missing = message.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`'));
    match (path, missing) {
        (".", Some(field)) => FieldError::new(field, "is required"),
        (path, Some(field)) => FieldError::new(format!("{path}.{field}"), "is required"),
        (".", None) => FieldError::new("body", message),
        (path, None) => FieldError::new(path, message),
    }
}

/// Converts the report of garde to field errors.
fn field_errors(report: &Report) -> Vec<FieldError> {
    report.iter().map(|(path, error)| FieldError::new(path.to_string(), error.message())).collect()
}

/// Valid query parameters. The extractor answers 422 with every invalid parameter.
#[derive(Debug)]
pub struct ValidQuery<T>(pub T);

impl<T> FromRequestParts<App> for ValidQuery<T>
where
    T: DeserializeOwned + Validate<Context = ()>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, ApiError> {
        let Query(input): Query<T> =
            Query::try_from_uri(&parts.uri).map_err(|error| Error::field("query", error.body_text()))?;
        input.validate().map_err(|report| Error::Invalid(field_errors(&report)))?;
        Ok(Self(input))
    }
}

/// The parameters of every list.
#[derive(Clone, Debug, Default, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// The maximum number of items on a page, 1 to 100. The default is 20.
    #[garde(range(min = 1, max = 100))]
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<usize>,
    /// The `next` of the previous page.
    #[garde(length(max = 2000))]
    #[param(max_length = 2000)]
    pub cursor: Option<String>,
}

impl ListQuery {
    /// Returns the number of items on a page, which defaults to 20 (contract presentations A1).
    pub fn limit(&self) -> usize {
        self.limit.unwrap_or(20)
    }

    /// Returns the page that the caller requests of the list with this operation id.
    pub fn page(&self, caller: UserId, list: &str) -> PageRequest {
        PageRequest::new(caller, list, self.limit(), self.cursor.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize, Validate)]
    struct SampleTalk {
        #[garde(length(chars, min = 1, max = 5))]
        title: String,
        #[garde(dive)]
        #[serde(default)]
        options: Vec<SampleChoice>,
    }

    #[derive(Debug, Deserialize, Validate)]
    struct SampleChoice {
        #[garde(length(min = 1))]
        text: String,
    }

    fn errors(body: &str) -> Vec<FieldError> {
        match parse_json::<SampleTalk>(body.as_bytes()) {
            Err(Error::Invalid(fields)) => fields,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn invalid_input_names_its_fields() {
        assert_eq!(errors("{}"), [FieldError::new("title", "is required")]);
        assert_eq!(errors(r#"{"title":3}"#)[0].field, "title");
        assert_eq!(errors(r#"{"title":"x","options":[{"text":1}]}"#)[0].field, "options[0].text");
        assert_eq!(errors(r#"{"title":"x","options":[{}]}"#)[0].field, "options[0].text");
        let two = errors(r#"{"title":"toolong","options":[{"text":""}]}"#);
        assert_eq!(two.iter().map(|e| e.field.as_str()).collect::<Vec<_>>(), ["options[0].text", "title"]);
        for no_object in ["[]", r#"["x"]"#, "3", "null"] {
            assert_eq!(errors(no_object), [FieldError::new("body", "must be a JSON object")]);
        }
        assert!(matches!(parse_json::<SampleTalk>(b"{"), Err(Error::Malformed(_))));
    }
}
