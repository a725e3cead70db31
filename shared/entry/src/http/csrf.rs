//! Protection against cross-site request forgery. A browser sends cookies even if a foreign page causes the request. So
//! a write with a cookie must come from an allowed origin and carry a header that no form can set. A bearer token needs
//! neither.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header};
use model::ErrorCode;

use super::{caller::credential_is_cookie, error::ApiError};
use crate::App;

/// The header that proves that a script of an allowed origin sent the request. It needs a preflight request from other
/// origins, which only an allowed origin passes.
pub const CSRF_HEADER: &str = "x-csrf";

pub(super) async fn layer(State(app): State<App>, request: Request, next: Next) -> Response {
    if !request.method().is_safe()
        && credential_is_cookie(request.headers())
        && !is_proven(&app, request.headers())
    {
        let message = "a write with a cookie needs the header x-csrf and an allowed origin";
        return ApiError::Http(StatusCode::FORBIDDEN, ErrorCode::CsrfRefused, message.into()).into_response();
    }
    next.run(request).await
}

fn is_proven(app: &App, headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let fetched_from = text(header::HeaderName::from_static("sec-fetch-site"));
    let origin_is_ours = match text(header::ORIGIN) {
        Some(origin) => app.settings.allows_origin(origin) || origin == app.settings.public_url,
        None => matches!(fetched_from, None | Some("same-origin")),
    };
    headers.contains_key(CSRF_HEADER) && origin_is_ours && fetched_from != Some("cross-site")
}
