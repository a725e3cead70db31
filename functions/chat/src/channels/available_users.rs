use axum::{Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, ListQuery, ValidQuery},
};
use model::UserId;
use serde::Serialize;
use store::{
    Page,
    identity::users::{DirectoryEntry, directory},
};
use utoipa::ToSchema;

use super::DEFAULT_PAGE_SIZE;
use crate::team::require_teammate;

/// A user who can be added to a channel or addressed in a direct channel.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AvailableUser {
    id: UserId,
    /// The user name, as the user wrote it.
    username: String,
    /// The display name.
    name: String,
    /// The URL of the picture.
    avatar: Option<String>,
}

/// List available users
///
/// Returns the other active users with a user name, sorted by user name. A page contains at most `limit` users, 50 by
/// default. It can contain fewer, because the caller and banned, suspended or deactivated users are left out.
#[utoipa::path(
    get,
    path = "/v1/channels/users/available",
    tag = "channels",
    operation_id = "list_available_users",
    params(ListQuery),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = Page<AvailableUser>),
        (status = 401, body = ErrorBody),
        (status = 409, description = "`USERNAME_REQUIRED`", body = ErrorBody),
        (status = 422, body = ErrorBody),
    )
)]
pub(crate) async fn list_available_users(
    State(app): State<App>,
    account: AccountCaller,
    ValidQuery(query): ValidQuery<ListQuery>,
) -> ApiResult<Json<Page<AvailableUser>>> {
    require_teammate(&app, account.user).await?;
    let limit = query.limit.unwrap_or(DEFAULT_PAGE_SIZE);
    let request = query.page(account.user, "list_available_users").with_limit(limit);
    let mut page = directory::page(&app.store, &request, app.clock.now()).await?;
    page.items.retain(|entry| entry.owner != account.user);
    Ok(Json(page.map(|DirectoryEntry { username, owner, name, avatar, .. }| AvailableUser {
        id: owner,
        username: username.as_str().to_owned(),
        name,
        avatar,
    })))
}
