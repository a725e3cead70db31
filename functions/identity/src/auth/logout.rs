//! Logout with an access token or a refresh token.

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

/// Log out
///
/// Ends the login session. Its tokens expire and its sockets close. A refresh token identifies the login session alone,
/// in the body or as a cookie. Otherwise an access token does.
#[utoipa::path(
    post,
    path = "/v1/auth/logout",
    tag = "identity",
    operation_id = "log_out",
    request_body = Option<RefreshRequest>,
    responses(
        (status = 204, description = "Ended. The response deletes the cookies."),
        (status = 401, description = "The request has no token of a login session.", body = ErrorBody),
    )
)]
pub(crate) async fn log_out(
    State(app): State<App>,
    headers: HeaderMap,
    ValidJson(input): ValidJson<RefreshRequest>,
) -> ApiResult<(StatusCode, TokenCookies)> {
    let (user, login) = find_login(&app, &headers, input.refresh_token.as_deref()).await?.ok_or(
        Error::Unauthenticated("send an access token or a refresh token of the login session to end"),
    )?;
    login_lifecycle::revoke_login(&app, user, login).await?;
    tracing::info!(user.id = %user, login.id = %login, "logged out");
    Ok((StatusCode::NO_CONTENT, clear_cookies()))
}

/// Returns the login session that the request names. It may have ended already. Ending it again changes nothing.
async fn find_login(
    app: &App,
    headers: &HeaderMap,
    refresh_token: Option<&str>,
) -> Result<Option<(UserId, LoginId)>, Error> {
    let (tokens, now) = (&app.tokens, app.clock.now());
    if let Some(RefreshToken { user, login, .. }) = tokens.verify_optional(refresh_token, now).await? {
        return Ok(Some((user, login)));
    }
    if let Some(AccessToken { user, login }) = tokens.verify_optional(bearer_token(headers), now).await? {
        return Ok(Some((user, login)));
    }
    let refresh_cookie = cookie_value(headers, REFRESH_COOKIE);
    if let Some(RefreshToken { user, login, .. }) = tokens.verify_optional(refresh_cookie, now).await? {
        return Ok(Some((user, login)));
    }
    let access_cookie = cookie_value(headers, ACCESS_COOKIE);
    let access: Option<AccessToken> = tokens.verify_optional(access_cookie, now).await?;
    Ok(access.map(|access| (access.user, access.login)))
}
