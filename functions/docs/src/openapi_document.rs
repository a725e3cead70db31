use std::sync::Arc;

use axum::{Extension, response::IntoResponse};
use entry::StartError;
use http::header;
use serde_json::{Value, json};

/// The document that `cargo run -- openapi` generates from the handlers of all functions. It is committed, so a change
/// of the API shows in the diff.
const COMMITTED_DOCUMENT: &str = include_str!("../../../infra/openapi.json");

/// The OpenAPI document with the URL of this deployment.
#[derive(Clone)]
pub(crate) struct OpenApiDocument(Arc<str>);

impl OpenApiDocument {
    pub(crate) fn for_public_url(public_url: &str) -> Result<Self, StartError> {
        let wrong = |why| StartError::invalid("infra/openapi.json", why);
        let mut document: Value = serde_json::from_str(COMMITTED_DOCUMENT).map_err(wrong)?;
        document["servers"] = json!([{ "url": public_url }]);
        Ok(Self(document.to_string().into()))
    }
}

/// Get the OpenAPI document
///
/// Returns the description of the HTTP API, which is this document.
#[utoipa::path(
    get,
    path = "/openapi.json",
    tag = "docs",
    operation_id = "openapi",
    responses((status = 200, description = "OpenAPI 3.1", body = serde_json::Value))
)]
pub(crate) async fn openapi(Extension(document): Extension<OpenApiDocument>) -> impl IntoResponse {
    json_response(&document.0)
}

/// Returns a document as a JSON response that may be cached for five minutes.
pub(crate) fn json_response(document: &str) -> impl IntoResponse + use<> {
    let headers =
        [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "public, max-age=300")];
    (headers, document.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_document_is_one_and_gets_our_url() {
        let document = OpenApiDocument::for_public_url("https://api.example.com").unwrap();
        let document: Value = serde_json::from_str(&document.0).unwrap();
        assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
        assert_eq!(document["servers"][0]["url"], "https://api.example.com");
    }
}
