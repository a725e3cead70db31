//! Logs out elsewhere: one device, or all but this one.

use axum::extract::State;
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, PathId},
};
use http::StatusCode;
use model::{Error, LoginId};

use crate::login_lifecycle;

#[utoipa::path(
    delete,
    path = "/v1/auth/sessions/{id}",
    tag = "identity",
    operation_id = "end_login",
    summary = "End one log-in",
    params(("id" = LoginId, Path, description = "One of one's own")),
    responses(
        (status = 204, description = "Ended: its tokens and its sockets"),
        (status = 401, description = "Not signed in", body = ErrorBody),
        (status = 403, description = "`CSRF_REFUSED`: a cookie without its proof", body = ErrorBody),
        (status = 404, description = "None of one's own", body = ErrorBody),
        (status = 503, description = "A dependency failed", body = ErrorBody),
    )
)]
pub(crate) async fn end_login(
    State(app): State<App>,
    account: AccountCaller,
    PathId(id): PathId<LoginId>,
) -> ApiResult<StatusCode> {
    if !login_lifecycle::revoke_login(&app, account.user, id).await? {
        return Err(Error::NotFound("log-in").into());
    }
    Ok(StatusCode::NO_CONTENT)
}

#[utoipa::path(
    delete,
    path = "/v1/auth/sessions",
    tag = "identity",
    operation_id = "end_other_logins",
    summary = "End every log-in but this one",
    responses(
        (status = 204, description = "Ended: their tokens and their sockets"),
        (status = 401, description = "Not signed in", body = ErrorBody),
        (status = 403, description = "`CSRF_REFUSED`: a cookie without its proof", body = ErrorBody),
        (status = 503, description = "A dependency failed", body = ErrorBody),
    )
)]
pub(crate) async fn end_other_logins(
    State(app): State<App>,
    account: AccountCaller,
) -> ApiResult<StatusCode> {
    login_lifecycle::revoke_other_logins(&app, account.user, Some(account.login)).await?;
    Ok(StatusCode::NO_CONTENT)
}
