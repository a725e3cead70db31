//! The caller's account.

use axum::{Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, EntityTag, ErrorBody},
};
use model::Error;
use store::identity::users;

use crate::profile::{OwnProfile, account_tag};

/// Get my account
///
/// Returns all fields of the caller's account. Also at `/v1/auth/me`.
#[utoipa::path(
    get,
    path = "/v1/users/me",
    tag = "identity",
    operation_id = "get_me",
    responses(
        (status = 200, description = "The account.", body = OwnProfile, headers(("ETag" = String))),
        (status = 401, body = ErrorBody),
    )
)]
pub(crate) async fn get_me(
    State(app): State<App>,
    account: AccountCaller,
) -> ApiResult<(EntityTag, Json<OwnProfile>)> {
    let now = app.clock.now();
    let user = users::get_strong(&app.store, account.user, now).await?;
    let user = user.filter(|user| user.is_active(now)).ok_or(ACCOUNT_GONE)?;
    Ok((account_tag(&user), Json(OwnProfile::from(&user))))
}

/// An access token stays valid for a moment after its account is disabled or deleted.
pub(crate) const ACCOUNT_GONE: Error = Error::Unauthenticated("the account is disabled or deleted");
