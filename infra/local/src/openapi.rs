//! Assembles the OpenAPI document from the operations of all functions.

use utoipa::openapi::OpenApi;

/// The operations of each function, by the function's logical id.
pub fn openapi_by_function() -> [(&'static str, OpenApi); 8] {
    [
        ("ApiIdentity", identity::openapi()),
        ("ApiAdmin", identity::admin_openapi()),
        ("ApiPresentations", presentations::openapi()),
        ("ApiImages", presentations::images::openapi()),
        ("ApiSessions", sessions::openapi()),
        ("ApiChat", chat::openapi()),
        ("ApiSockets", sockets::openapi()),
        ("ApiDocs", docs::openapi()),
    ]
}

/// The OpenAPI 3.1 document of all HTTP operations, which is committed as `infra/openapi.json`.
pub fn assembled_openapi() -> OpenApi {
    docs::assemble_document(openapi_by_function().map(|(_, operations)| operations))
}
