//! The OpenAPI document: what each subject says of itself, in one.

use utoipa::openapi::OpenApi;

/// OpenAPI 3.1 of every HTTP operation; `infra/openapi.json` is this.
pub fn openapi() -> OpenApi {
    docs::assemble([
        identity::openapi(),
        presentations::openapi(),
        sessions::openapi(),
        sockets::openapi(),
        docs::openapi(),
    ])
}
