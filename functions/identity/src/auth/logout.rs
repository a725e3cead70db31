//! Ends the log-in of the token that comes along, whichever of the two it is.

use axum::extract::State;
use entry::{
    App,
    http::{ACCESS_COOKIE, ApiResult, ErrorBody, REFRESH_COOKIE, ValidJson, bearer_token, cookie_value},
    tokens::{AccessToken, RefreshToken},
};
use http::{HeaderMap, StatusCode};
use model::{Error, LoginId, UserId};

use super::refresh::RefreshRequest;
use crate::{
    login_lifecycle,
    token_pair::{TokenCookies, clear_cookies},
};

#[utoipa::path(
    post,
    path = "/v1/auth/logout",
    tag = "identity",
    operation_id = "log_out",
    summary = "Log out",
    description = "Ends this log-in: both its tokens and its sockets. A refresh token alone, in the body or as a cookie, does.",
    request_body = Option<RefreshRequest>,
    responses(
        (status = 204, description = "Ended, and the cookies are taken away"),
        (status = 400, description = "Not JSON", body = ErrorBody),
        (status = 401, description = "No token that says whose log-in", body = ErrorBody),
        (status = 403, description = "`CSRF_REFUSED`: a cookie without its proof", body = ErrorBody),
        (status = 413, description = "Too large", body = ErrorBody),
        (status = 415, description = "Not `application/json`", body = ErrorBody),
        (status = 422, description = "Wrong fields", body = ErrorBody),
        (status = 503, description = "A dependency failed", body = ErrorBody),
    )
)]
pub(crate) async fn log_out(
    State(app): State<App>,
    headers: HeaderMap,
    ValidJson(input): ValidJson<RefreshRequest>,
) -> ApiResult<(StatusCode, TokenCookies)> {
    let (user, login) = find_login(&app, &headers, input.refresh_token.as_deref())
        .ok_or(Error::Unauthenticated("no token that says which log-in to end"))?;
    login_lifecycle::revoke_login(&app, user, login).await?;
    tracing::info!(user.id = %user, login.id = %login, "logged out");
    Ok((StatusCode::NO_CONTENT, clear_cookies()))
}

/// The log-in that the request speaks of. It need not count any more: ending it again does no harm.
fn find_login(app: &App, headers: &HeaderMap, refresh_token: Option<&str>) -> Option<(UserId, LoginId)> {
    let now = app.clock.now();
    let access =
        |token: &str| app.tokens.verify::<AccessToken>(token, now).map(|access| (access.user, access.login));
    let refresh = |token: &str| {
        app.tokens.verify::<RefreshToken>(token, now).map(|refresh| (refresh.user, refresh.login))
    };
    refresh_token
        .and_then(refresh)
        .or_else(|| bearer_token(headers).and_then(access))
        .or_else(|| cookie_value(headers, REFRESH_COOKIE).and_then(refresh))
        .or_else(|| cookie_value(headers, ACCESS_COOKIE).and_then(access))
}
