//! One's own account.

use axum::{Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody},
};
use model::Error;
use store::identity::users;

use crate::profile::OwnProfile;

#[utoipa::path(
    get,
    path = "/v1/users/me",
    tag = "identity",
    operation_id = "get_me",
    summary = "One's own account",
    description = "Also at `/v1/auth/me`.",
    responses(
        (status = 200, description = "Everything that is kept about oneself", body = OwnProfile),
        (status = 401, description = "Not signed in", body = ErrorBody),
        (status = 503, description = "A dependency failed", body = ErrorBody),
    )
)]
pub(crate) async fn get_me(State(app): State<App>, account: AccountCaller) -> ApiResult<Json<OwnProfile>> {
    let now = app.clock.now();
    let user = users::get_strong(&app.store, account.user, now).await?;
    Ok(Json(OwnProfile::from(&user.filter(|user| user.is_active(now)).ok_or(ACCOUNT_GONE)?)))
}

/// The log-in counts a moment longer than the account that it is of.
pub(crate) const ACCOUNT_GONE: Error = Error::Unauthenticated("the account is disabled or deleted");
