//! A cookie comes along whoever made the browser ask. So a write that is authorised by a cookie must also come from an
//! origin of ours and carry a header that no form can set; a bearer token needs neither.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header};
use model::ErrorCode;

use super::{caller::credential_is_cookie, error::ApiError};
use crate::App;

/// The header that proves a script of ours wrote the request: cross-origin it needs a preflight, which only an allowed
/// origin passes.
pub const CSRF_HEADER: &str = "x-csrf";

pub(super) async fn layer(State(app): State<App>, request: Request, next: Next) -> Response {
    if !request.method().is_safe()
        && credential_is_cookie(request.headers())
        && !is_proven(&app, request.headers())
    {
        let why = "writes with a cookie need the header x-csrf and an allowed origin";
        return ApiError::Http(StatusCode::FORBIDDEN, ErrorCode::CsrfRefused, why.into()).into_response();
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
