use axum::{Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, PathId},
};
use model::{ChannelId, Error, ErrorCode, MessageId, channel::ChannelPermission};
use protocol::event::chat::MessageView;
use store::{
    Page,
    chat::messages::{self, MAX_PINS, Message},
};

use super::{
    message_access::{changeable_message, require_not_deleted},
    publish,
    rewrite::{RewriteOutcome, count_change, rewrite_message},
};
use crate::{
    membership_update::find_membership,
    view::{load_view, load_views},
};

/// Pin a message
///
/// Pins the message for all members of its channel. Owners and moderators can pin messages. In a direct channel both
/// members can. Pinning a pinned message changes nothing.
#[utoipa::path(
    put,
    path = "/v1/messages/{id}/pin",
    tag = "messages",
    operation_id = "pin_message",
    params(("id" = MessageId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, description = "The message is pinned.", body = MessageView),
        (status = 401, body = ErrorBody),
        (status = 403, description = "The caller is neither owner nor moderator of the channel. \
                                      Or the other member of the direct channel does not receive messages.", body = ErrorBody),
        (status = 404, description = "The message does not exist, or the caller is not a member of its channel.", body = ErrorBody),
        (status = 409, description = "`MESSAGE_DELETED`. `CHANNEL_ARCHIVED`. `LIMIT_REACHED`: the channel has 50 pinned messages.", body = ErrorBody),
        (status = 429, description = "The caller changed more than 120 messages within a minute.", body = ErrorBody),
    )
)]
pub(crate) async fn pin_message(
    State(app): State<App>,
    account: AccountCaller,
    PathId(id): PathId<MessageId>,
) -> ApiResult<Json<MessageView>> {
    Ok(Json(set_pinned(&app, account, id, true).await?))
}

/// Unpin a message
///
/// Unpins the message for all members of its channel. Owners and moderators can unpin messages. In a direct channel
/// both members can. Unpinning a message that is not pinned changes nothing.
#[utoipa::path(
    delete,
    path = "/v1/messages/{id}/pin",
    tag = "messages",
    operation_id = "unpin_message",
    params(("id" = MessageId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, description = "The message is not pinned.", body = MessageView),
        (status = 401, body = ErrorBody),
        (status = 403, description = "The caller is neither owner nor moderator of the channel. \
                                      Or the other member of the direct channel does not receive messages.", body = ErrorBody),
        (status = 404, description = "The message does not exist, or the caller is not a member of its channel.", body = ErrorBody),
        (status = 409, description = "`MESSAGE_DELETED`. `CHANNEL_ARCHIVED`.", body = ErrorBody),
        (status = 429, description = "The caller changed more than 120 messages within a minute.", body = ErrorBody),
    )
)]
pub(crate) async fn unpin_message(
    State(app): State<App>,
    account: AccountCaller,
    PathId(id): PathId<MessageId>,
) -> ApiResult<Json<MessageView>> {
    Ok(Json(set_pinned(&app, account, id, false).await?))
}

/// Pins or unpins a message and publishes it. Costs 7 write units.
async fn set_pinned(
    app: &App,
    account: AccountCaller,
    id: MessageId,
    pinned: bool,
) -> Result<MessageView, Error> {
    let (membership, message) = changeable_message(app, account.user, id).await?;
    if membership.other_user.is_none() && !membership.role.allows(ChannelPermission::Pin) {
        return Err(Error::forbidden("only owners and moderators of the channel can pin and unpin messages"));
    }
    count_change(app, account.user).await?;
    let now = app.clock.now();
    // Concurrent pins can exceed the limit by a few. That is accepted, because the limit only keeps the list of pins
    // small.
    if pinned
        && messages::list_pins(&app.store, id.channel, now).await?.len() >= MAX_PINS
        && message.pinned_at.is_none()
    {
        let reason = format!("a channel can have at most {MAX_PINS} pinned messages: unpin a message first");
        return Err(Error::conflict(ErrorCode::LimitReached, reason));
    }
    let with_pin = |before: &Message| {
        require_not_deleted(before)?;
        if before.pinned_at.is_some() == pinned {
            return Ok(None);
        }
        Ok(Some(Message { pinned_at: pinned.then_some(now), ..before.clone() }))
    };
    let message = match rewrite_message(app, message, None, with_pin).await? {
        RewriteOutcome::Unchanged(message) => message,
        RewriteOutcome::Changed(message) => {
            publish::publish_changed(app, &message).await;
            message
        }
    };
    Ok(load_view(app, &message, Some(account.user)).await?)
}

/// List the pinned messages of a channel
///
/// Returns all pinned messages, the newest pin first. `next` is always `null`.
#[utoipa::path(
    get,
    path = "/v1/channels/{id}/pins",
    tag = "messages",
    operation_id = "list_pins",
    params(("id" = ChannelId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = Page<MessageView>),
        (status = 401, body = ErrorBody),
        (status = 404, description = "The channel does not exist, or the caller is not a member.", body = ErrorBody),
    )
)]
pub(crate) async fn list_pins(
    State(app): State<App>,
    account: AccountCaller,
    PathId(channel): PathId<ChannelId>,
) -> ApiResult<Json<Page<MessageView>>> {
    find_membership(&app, account.user, channel).await?;
    let pinned = messages::list_pinned_messages(&app.store, channel, app.clock.now()).await?;
    let items = load_views(&app, &pinned, Some(account.user)).await?;
    Ok(Json(Page { items, next: None }))
}
