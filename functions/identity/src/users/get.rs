//! Somebody's card, or one's own account.

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

#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum UserProfileResponse {
    Own(Box<OwnProfile>),
    Others(UserProfile),
}

#[utoipa::path(
    get,
    path = "/v1/users/{id}",
    tag = "identity",
    operation_id = "get_user",
    summary = "Somebody's card",
    params(("id" = UserId, Path, description = "Anybody, also oneself")),
    responses(
        (status = 200, description = "Of others their card, of oneself everything", body = UserProfileResponse),
        (status = 401, description = "Not signed in", body = ErrorBody),
        (status = 404, description = "No such account, or deleted", body = ErrorBody),
        (status = 503, description = "A dependency failed", body = ErrorBody),
    )
)]
pub(crate) async fn get_user(
    State(app): State<App>,
    account: AccountCaller,
    PathId(id): PathId<UserId>,
) -> ApiResult<Json<UserProfileResponse>> {
    let (is_own, now) = (id == account.user, app.clock.now());
    // whoever has just changed something wants to see it
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
