//! Blocked users. A blocked user cannot write to the direct channel of the two, and cannot add the other one to channels.

mod block_user;
mod list_blocks;

use std::collections::HashSet;

use entry::App;
use jiff::Timestamp;
use model::{Error, UserId};
use store::chat::blocks;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(block_user::block_user, block_user::unblock_user))
        .routes(routes!(list_blocks::list_blocks))
}

/// Returns the users that a user blocked.
pub(crate) async fn blocked_users(app: &App, user: UserId, now: Timestamp) -> Result<HashSet<UserId>, Error> {
    let blocks = blocks::list(&app.store, user, now).await?;
    Ok(blocks.into_iter().map(|block| block.blocked).collect())
}
