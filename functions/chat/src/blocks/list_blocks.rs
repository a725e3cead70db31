use std::collections::HashMap;

use axum::{Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody},
};
use jiff::Timestamp;
use model::{UserId, message::MessageAuthor};
use serde::Serialize;
use store::{Page, chat::blocks, identity::users};
use utoipa::ToSchema;

use crate::team::team_author;

/// A user that the caller blocked.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BlockedUser {
    user_id: UserId,
    /// The user name. Empty if the account was deleted.
    username: String,
    /// The display name. Empty if the account was deleted.
    name: String,
    /// When the caller blocked the user.
    #[schema(value_type = String, format = DateTime)]
    blocked_at: Timestamp,
}

/// List my blocked users
///
/// Returns all of them, the last one first. `next` is always `null`.
#[utoipa::path(
    get,
    path = "/v1/users/me/blocks",
    tag = "channels",
    operation_id = "list_blocks",
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = Page<BlockedUser>),
        (status = 401, body = ErrorBody),
    )
)]
pub(crate) async fn list_blocks(
    State(app): State<App>,
    account: AccountCaller,
) -> ApiResult<Json<Page<BlockedUser>>> {
    let now = app.clock.now();
    let mut blocks = blocks::list(&app.store, account.user, now).await?;
    blocks.sort_by_key(|block| std::cmp::Reverse((block.blocked_at, block.blocked)));
    let ids: Vec<UserId> = blocks.iter().map(|block| block.blocked).collect();
    let found = users::get_many(&app.store, &ids, now).await?;
    let mut authors: HashMap<UserId, MessageAuthor> =
        found.iter().filter_map(|user| Some((user.id, team_author(user)?))).collect();
    let items = blocks.into_iter().map(|block| {
        let names = authors.remove(&block.blocked);
        let (username, name) = names.map(|names| (names.username, names.name)).unwrap_or_default();
        BlockedUser { user_id: block.blocked, username, name, blocked_at: block.blocked_at }
    });
    Ok(Json(Page { items: items.collect(), next: None }))
}
