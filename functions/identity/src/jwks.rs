//! The public keys of our tokens, for whoever wants to verify them.

use axum::{Json, extract::State, response::IntoResponse};
use entry::App;
use http::header;

#[utoipa::path(
    get,
    path = "/.well-known/jwks.json",
    tag = "identity",
    operation_id = "jwks",
    summary = "Public keys of the tokens (JWKS)",
    responses((status = 200, description = "The newest key first; the one before verifies until its tokens are gone", body = serde_json::Value)),
    security(())
)]
pub(crate) async fn jwks(State(app): State<App>) -> impl IntoResponse {
    // a rotated key is known everywhere before the first token it signs has expired
    ([(header::CACHE_CONTROL, "public, max-age=300")], Json(app.tokens.jwks()))
}
