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
    announce,
    rewrite::{RewriteOutcome, count_change, rewrite_message},
    seen::{changeable_message, require_not_deleted},
};
use crate::{place, view::message_view};

macro_rules! pins {
    ($($(#[$doc:meta])* $name:ident, $method:ident, $id:literal, $pinned:literal;)*) => {$(
        $(#[$doc])*
        #[utoipa::path(
            $method,
            path = "/v1/messages/{id}/pin",
            tag = "messages",
            operation_id = $id,
            params(("id" = MessageId, Path)),
            security(("bearer" = []), ("cookie" = [])),
            responses(
                (status = 200, description = "however often it is said", body = MessageView),
                (status = 401, body = ErrorBody),
                (status = 403, description = "moderators and owners of the channel only", body = ErrorBody),
                (status = 404, description = "one is not in its channel, or there is none", body = ErrorBody),
                (status = 409, description = "`MESSAGE_DELETED`, `CHANNEL_ARCHIVED`; `LIMIT_REACHED` above 50", body = ErrorBody),
                (status = 429, description = "too many changes of one member", body = ErrorBody),
            )
        )]
        pub(crate) async fn $name(
            State(app): State<App>,
            account: AccountCaller,
            PathId(id): PathId<MessageId>,
        ) -> ApiResult<Json<MessageView>> {
            let message = set_pinned(&app, account, id, $pinned).await?;
            Ok(Json(message_view(&message, Some(account.user))))
        }
    )*};
}

pins! {
    /// Pins a message for everyone in its channel; of two who talk, both may. 7 write units.
    pin_message, put, "pin_message", true;
    /// Pins a message no longer. 7 write units.
    unpin_message, delete, "unpin_message", false;
}

async fn set_pinned(
    app: &App,
    account: AccountCaller,
    id: MessageId,
    pinned: bool,
) -> Result<Message, Error> {
    let (place, message) = changeable_message(app, account.user, id).await?;
    if place.other_user.is_none() && !place.role.allows(ChannelPermission::Pin) {
        return Err(Error::forbidden("whoever moderates the channel pins its messages"));
    }
    count_change(app, account.user).await?;
    let now = app.clock.now();
    // two who pin at once may make it one more: what is kept small is what everybody reads
    if pinned && messages::list_pins(&app.store, id.channel, now).await?.len() >= MAX_PINS {
        let why = format!("a channel has {MAX_PINS} pinned messages at most");
        if message.pinned_at.is_none() {
            return Err(Error::conflict(ErrorCode::LimitReached, why));
        }
    }
    let moved = |before: &Message| {
        require_not_deleted(before)?;
        let is_so = before.pinned_at.is_some() == pinned;
        Ok((!is_so).then(|| Message { pinned_at: pinned.then_some(now), ..before.clone() }))
    };
    match rewrite_message(app, message, None, moved).await? {
        RewriteOutcome::Unchanged(message) => Ok(message),
        RewriteOutcome::Changed(message) => {
            announce::publish_changed(app, &message).await;
            Ok(message)
        }
    }
}

/// What is pinned in a channel that one is in, the newest pin first: all of it, 50 at most. Two requests after the place.
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
        (status = 404, description = "one is not in such a channel", body = ErrorBody),
    )
)]
pub(crate) async fn list_pins(
    State(app): State<App>,
    account: AccountCaller,
    PathId(channel): PathId<ChannelId>,
) -> ApiResult<Json<Page<MessageView>>> {
    place::find_membership(&app, account.user, channel).await?;
    let pinned = messages::list_pinned_messages(&app.store, channel, app.clock.now()).await?;
    let items = pinned.iter().map(|message| message_view(message, Some(account.user))).collect();
    Ok(Json(Page { items, next: None }))
}
