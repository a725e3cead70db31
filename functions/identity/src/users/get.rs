//! The profile of a user.

use axum::{Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, PathId},
};
use model::{Error, UserId, user::AccountState};
use serde::Serialize;
use store::identity::users;
use utoipa::ToSchema;

use crate::profile::{OwnProfile, UserProfile};

/// The caller's own account, or another user's profile.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum UserProfileResponse {
    Own(Box<OwnProfile>),
    Others(UserProfile),
}

/// Get a user
///
/// Returns a user's public profile. For the caller's own id, it returns all fields of the account.
#[utoipa::path(
    get,
    path = "/v1/users/{id}",
    tag = "identity",
    operation_id = "get_user",
    params(("id" = UserId, Path, description = "Any user, also the caller.")),
    responses(
        (
            status = 200,
            description = "The public profile of another user, or all fields of the caller's own account.",
            body = UserProfileResponse
        ),
        (status = 401, body = ErrorBody),
        (status = 404, description = "The account does not exist or is deleted.", body = ErrorBody),
    )
)]
pub(crate) async fn get_user(
    State(app): State<App>,
    account: AccountCaller,
    PathId(id): PathId<UserId>,
) -> ApiResult<Json<UserProfileResponse>> {
    let is_own = id == account.user;
    let now = app.clock.now();
    // Strongly consistent for the owner, who may just have changed the account.
    let user = if is_own {
        users::get_strong(&app.store, id, now).await?
    } else {
        users::get(&app.store, id, now).await?
    };
    let user = user.filter(|user| user.status != AccountState::Deleted).ok_or(Error::NotFound("user"))?;
    Ok(Json(if is_own {
        UserProfileResponse::Own(Box::new(OwnProfile::from(&user)))
    } else {
        UserProfileResponse::Others(UserProfile::from(&user))
    }))
}
