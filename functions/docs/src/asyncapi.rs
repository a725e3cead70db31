use std::sync::Arc;

use axum::{Extension, response::IntoResponse};

use crate::openapi_document::json_response;

/// The AsyncAPI document of this deployment's socket. It is made from the types at start, within a millisecond. The
/// OpenAPI document is read from a file instead, because it needs the code of every function.
#[derive(Clone)]
pub(crate) struct AsyncApiDocument(Arc<str>);

impl AsyncApiDocument {
    pub(crate) fn for_socket_url(socket_url: &str) -> Self {
        Self(protocol::asyncapi::document(socket_url).to_string().into())
    }
}

/// Get the AsyncAPI document
///
/// Returns the description of the socket, with the events that it sends and the messages that it accepts.
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
