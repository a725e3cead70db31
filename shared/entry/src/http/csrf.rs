//! Protection against cross-site request forgery. A browser sends cookies even if a foreign page causes the request. So
//! a write with a cookie must come from an allowed origin and carry a header that no form can set. A bearer token needs
//! neither.
//!
//! A browser also keeps the cookies of a response that a foreign page caused. Without a rule, such a page could log its
//! visitors in to the attacker's account, and would read what they then write. So only a request of an allowed origin
//! gets cookies, and a form never does, because every page can send one.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderName, StatusCode, header};
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
    let may_get_cookies = may_get_cookies(&app, request.headers());
    let mut response = next.run(request).await;
    if !may_get_cookies && response.headers_mut().remove(header::SET_COOKIE).is_some() {
        tracing::info!("the response has no cookies, because a form or another origin sent the request");
    }
    response
}

/// Whether the browser may keep the cookies of the response. A client that is not a browser sends neither header.
fn may_get_cookies(app: &App, headers: &HeaderMap) -> bool {
    let content_type = text(headers, header::CONTENT_TYPE).unwrap_or_default();
    let is_form = ["application/x-www-form-urlencoded", "multipart/form-data", "text/plain"]
        .iter()
        .any(|form| content_type.trim_start().to_ascii_lowercase().starts_with(form));
    let is_ours = match text(headers, header::ORIGIN) {
        Some(origin) => app.settings.allows_origin(origin) || origin == app.settings.public_url,
        None => matches!(text(headers, SEC_FETCH_SITE), None | Some("same-origin" | "none")),
    };
    is_ours && !is_form
}

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Returns a header. A value that is not text counts as a foreign one.
fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name).map(|value| value.to_str().unwrap_or("invalid"))
}

fn is_proven(app: &App, headers: &HeaderMap) -> bool {
    let fetched_from = text(headers, SEC_FETCH_SITE);
    let origin_is_ours = match text(headers, header::ORIGIN) {
        Some(origin) => app.settings.allows_origin(origin) || origin == app.settings.public_url,
        None => matches!(fetched_from, None | Some("same-origin")),
    };
    headers.contains_key(CSRF_HEADER) && origin_is_ours && fetched_from != Some("cross-site")
}
