//! The public keys of the tokens.

use axum::{Json, extract::State, response::IntoResponse};
use entry::{App, http::ApiResult};
use http::header;

/// Get the public keys of the tokens
///
/// Returns a JSON Web Key Set that verifies access tokens and participant tokens. Responses may be cached for five
/// minutes.
#[utoipa::path(
    get,
    path = "/.well-known/jwks.json",
    tag = "identity",
    operation_id = "jwks",
    responses((
        status = 200,
        description = "The newest key first. The previous key follows until its last token expires.",
        body = serde_json::Value,
    )),
    security(())
)]
pub(crate) async fn jwks(State(app): State<App>) -> ApiResult<impl IntoResponse> {
    let keys = app.tokens.jwks(app.clock.now()).await?;
    // Five minutes are shorter than the life of the first token that a rotated key signs.
    Ok(([(header::CACHE_CONTROL, "public, max-age=300")], Json(keys)))
}
