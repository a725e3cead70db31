use std::sync::Arc;

use axum::{Extension, response::IntoResponse};

use crate::openapi_document::json_response;

/// The document of this deployment's socket. Made from the types at start, in less than a millisecond, and not read from
/// `infra/asyncapi.json`: unlike the one of HTTP it needs no other subject.
#[derive(Clone)]
pub(crate) struct AsyncApiDocument(Arc<str>);

impl AsyncApiDocument {
    pub(crate) fn for_socket_url(socket_url: &str) -> Self {
        Self(protocol::asyncapi::document(socket_url).to_string().into())
    }
}

/// The document of the socket: its events, and what it can be asked
#[utoipa::path(
    get,
    path = "/asyncapi.json",
    tag = "docs",
    operation_id = "asyncapi",
    responses((status = 200, description = "AsyncAPI 3.0", body = serde_json::Value))
)]
pub(crate) async fn asyncapi(Extension(messages): Extension<AsyncApiDocument>) -> impl IntoResponse {
    json_response(&messages.0)
}
