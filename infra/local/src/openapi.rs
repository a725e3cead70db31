//! The OpenAPI document: what each subject says of itself, in one.

use utoipa::openapi::OpenApi;

/// The function of each group of routes, by its logical id, and the operations that it serves.
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

/// OpenAPI 3.1 of every HTTP operation; `infra/openapi.json` is this.
pub fn assembled_openapi() -> OpenApi {
    docs::assemble_document(openapi_by_function().map(|(_, operations)| operations))
}
