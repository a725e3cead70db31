//! Ending one login session, or all except the caller's.

use axum::extract::State;
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, PathId, WithoutTrailingSlash},
};
use http::StatusCode;
use model::{Error, LoginId};

use crate::login_lifecycle;

/// End a login session
///
/// Ends one login session of the caller, for example on a lost device. Its tokens expire and its sockets close.
#[utoipa::path(
    delete,
    path = "/v1/auth/sessions/{id}",
    tag = "identity",
    operation_id = "end_login",
    params(("id" = LoginId, Path, description = "A login session of the caller.")),
    responses(
        (status = 204, description = "The login session has ended and its sockets are closed."),
        (status = 401, body = ErrorBody),
        (status = 404, body = ErrorBody),
    )
)]
pub(crate) async fn end_login(
    State(app): State<App>,
    account: AccountCaller,
    PathId(id): PathId<LoginId>,
) -> ApiResult<StatusCode> {
    if !login_lifecycle::revoke_login(&app, account.user, id).await? {
        return Err(Error::NotFound("login session").into());
    }
    Ok(StatusCode::NO_CONTENT)
}

/// End all other login sessions
///
/// Ends every login session of the caller except the current one. Their tokens expire and their sockets close. The path takes no
/// trailing slash, so that a request with an empty id ends none.
#[utoipa::path(
    delete,
    path = "/v1/auth/sessions",
    tag = "identity",
    operation_id = "end_other_logins",
    responses(
        (status = 204, description = "The login sessions have ended and their sockets are closed."),
        (status = 401, body = ErrorBody),
        (status = 404, description = "The path has a trailing slash", body = ErrorBody),
    )
)]
pub(crate) async fn end_other_logins(
    State(app): State<App>,
    account: AccountCaller,
    _: WithoutTrailingSlash,
) -> ApiResult<StatusCode> {
    login_lifecycle::revoke_other_logins(&app, account.user, Some(account.login)).await?;
    Ok(StatusCode::NO_CONTENT)
}
