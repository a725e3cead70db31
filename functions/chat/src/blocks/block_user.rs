use std::time::Duration;

use axum::extract::State;
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, PathId},
};
use http::StatusCode;
use model::{ChannelId, Error, ErrorCode, UserId};
use protocol::{Event, event::chat::BlockUpdated};
use store::{
    RateLimit,
    chat::blocks::{self, UserBlock},
    identity::users,
    platform::rate_limits,
};

use crate::{
    channels::{publish::publish_to_own_devices, subscriptions},
    team::{require_teammate, team_author},
};

/// A user blocks a few others. A loop blocks every user.
const ACCOUNT_RATE_LIMIT: RateLimit =
    RateLimit { name: "block_user", max_attempts: 200, window: Duration::from_hours(1) };
/// Blocks of one user. Opening the app reads all of them.
const MAX_BLOCKS: usize = 1_000;

/// Block a user
///
/// The user can no longer write to the direct channel of the two, and cannot add the caller to channels. The direct
/// channel is left out of the caller's channels, and the caller receives none of its events. The user is not notified. The
/// caller's other devices receive `block_updated`.
/// Their messages are refused like messages to an account that is gone. The caller cannot write to the user either.
/// Blocking again changes nothing.
#[utoipa::path(
    post,
    path = "/v1/users/{id}/block",
    tag = "channels",
    operation_id = "block_user",
    params(("id" = UserId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 204, description = "The user is blocked."),
        (status = 401, body = ErrorBody),
        (status = 404, description = "No user with a user name has this id.", body = ErrorBody),
        (status = 409, description = "`USERNAME_REQUIRED`. `LIMIT_REACHED`: the caller blocked 1,000 users.", body = ErrorBody),
        (status = 422, description = "`id` is the caller's own id.", body = ErrorBody),
        (status = 429, description = "The caller blocked more than 200 users within an hour.", body = ErrorBody),
    )
)]
pub(crate) async fn block_user(
    State(app): State<App>,
    account: AccountCaller,
    PathId(id): PathId<UserId>,
) -> ApiResult<StatusCode> {
    let user = require_teammate(&app, account.user).await?.id;
    if id == user {
        return Err(Error::field("id", "must not be your own id").into());
    }
    let now = app.clock.now();
    // also an account that is banned now
    let blocked = users::get_strong(&app.store, id, now).await?;
    blocked.as_ref().and_then(team_author).ok_or(Error::NotFound("user"))?;
    rate_limits::count_attempt(&app.store, ACCOUNT_RATE_LIMIT, &user.to_string(), now)
        .await?
        .require_allowed()?;
    let existing = blocks::list(&app.store, user, now).await?;
    if existing.len() >= MAX_BLOCKS && existing.iter().all(|block| block.blocked != id) {
        let reason = format!("a user can block at most {MAX_BLOCKS} users: unblock a user first");
        return Err(Error::conflict(ErrorCode::LimitReached, reason).into());
    }
    let block = blocks::set(&app.store, user, id, true, now).await?;
    // also for an existing block, because an earlier attempt may have failed before it did
    subscriptions::unsubscribe_user_sockets(&app, ChannelId::derive_direct(user, id), user).await?;
    publish_block(&app, block).await;
    Ok(StatusCode::NO_CONTENT)
}

/// Unblock a user
///
/// Messages that were refused are not delivered later. Unblocking a user who is not blocked changes nothing.
#[utoipa::path(
    delete,
    path = "/v1/users/{id}/block",
    tag = "channels",
    operation_id = "unblock_user",
    params(("id" = UserId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 204, description = "The user is not blocked."),
        (status = 401, body = ErrorBody),
        (status = 404, description = "`id` is not a valid id.", body = ErrorBody),
    )
)]
pub(crate) async fn unblock_user(
    State(app): State<App>,
    account: AccountCaller,
    PathId(id): PathId<UserId>,
) -> ApiResult<StatusCode> {
    let block = blocks::set(&app.store, account.user, id, false, app.clock.now()).await?;
    // writes nothing that stays if the two have no direct channel
    let channel = ChannelId::derive_direct(account.user, id);
    subscriptions::subscribe_user_sockets(&app, channel, account.user).await?;
    publish_block(&app, block).await;
    Ok(StatusCode::NO_CONTENT)
}

/// Publishes to the own devices of a user whether they block another one. Also if nothing has changed, because an earlier attempt
/// may have failed before it did.
async fn publish_block(app: &App, block: Option<UserBlock>) {
    let Some(block) = block else { return };
    let UserBlock { user, blocked, version, .. } = block;
    let event = Event::BlockUpdated(BlockUpdated {
        user_id: blocked,
        channel_id: ChannelId::derive_direct(user, blocked),
        is_blocked: block.is_blocked(),
        version,
    });
    publish_to_own_devices(app, user, event).await;
}
