use axum::{Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, PathId, ValidJson},
};
use garde::Validate;
use model::{ChannelId, Error, MessageId, Room};
use protocol::{Event, event::chat::ReadMarked};
use serde::{Deserialize, Serialize};
use store::{ReadConsistency, chat::messages};
use utoipa::ToSchema;

use super::publish;
use crate::membership_update::{find_membership, update_membership};

/// The last message that the caller has read. Exactly one of `seq` and `message_id` is required.
#[derive(Debug, Deserialize, Validate, ToSchema)]
pub(crate) struct MarkChannelReadRequest {
    /// The number of the message. 0 marks every message as unread, together with `force`.
    #[garde(skip)]
    seq: Option<u64>,
    /// The id of the message.
    #[garde(skip)]
    message_id: Option<MessageId>,
    /// `true` to mark later messages as unread. Without it, the mark only moves forwards.
    #[garde(skip)]
    force: Option<bool>,
}

/// How far the caller has read a channel.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReadState {
    /// The number of the last message that the caller has read.
    read_seq: u64,
    /// Messages after `read_seq`. Deleted messages count too.
    unread_count: u64,
}

/// Mark a channel as read
///
/// Sets the last message that the caller has read, on all devices of the caller.
#[utoipa::path(
    put,
    path = "/v1/channels/{id}/read",
    tag = "channels",
    operation_id = "mark_channel_read",
    params(("id" = ChannelId, Path)),
    request_body = MarkChannelReadRequest,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = ReadState),
        (status = 401, body = ErrorBody),
        (status = 404, description = "The channel does not exist, or the caller is not a member.", body = ErrorBody),
        (status = 422, description = "`seq` or `message_id` is missing, both are present, or the message does not exist.", body = ErrorBody),
    )
)]
pub(crate) async fn mark_channel_read(
    State(app): State<App>,
    account: AccountCaller,
    PathId(id): PathId<ChannelId>,
    ValidJson(mark): ValidJson<MarkChannelReadRequest>,
) -> ApiResult<Json<ReadState>> {
    let now = app.clock.now();
    // checked first, so that an outsider learns nothing about the channel's messages
    let membership = find_membership(&app, account.user, id).await?;
    let (field, seq) = match (mark.seq, mark.message_id) {
        (Some(seq), None) => ("seq", seq),
        (None, Some(message)) if message.channel == id => ("message_id", message.seq),
        (None, Some(_)) => return Err(Error::field("message_id", "must be a message of this channel").into()),
        (Some(_), Some(_)) => return Err(Error::field("seq", "cannot be combined with message_id").into()),
        (None, None) => return Err(Error::field("seq", "is required if message_id is absent").into()),
    };
    let last = messages::last_seq(&app.store, id, ReadConsistency::Strong, now).await?;
    if seq > last {
        return Err(Error::field(field, format!("must not be after the last message, {last}")).into());
    }
    let may_move_back = mark.force.unwrap_or_default();
    let (membership, is_changed) = update_membership(&app, membership, |membership| {
        if seq > membership.read_seq || may_move_back {
            membership.read_seq = seq;
        }
    })
    .await?;
    let read_seq = membership.read_seq;
    if is_changed {
        let event = Event::ReadMarked(ReadMarked { channel_id: id, read_seq });
        publish::publish_or_log(&app, Room::User(account.user), event).await;
    }
    Ok(Json(ReadState { read_seq, unread_count: last.saturating_sub(read_seq) }))
}
