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

use super::announce;
use crate::place;

/// Up to which message; one of the two.
#[derive(Debug, Deserialize, Validate, ToSchema)]
pub(crate) struct MarkChannelReadRequest {
    /// Its number; 0 for none.
    #[garde(skip)]
    seq: Option<u64>,
    #[garde(skip)]
    message_id: Option<MessageId>,
    /// Marks as unread what comes after it; else a mark only moves forwards.
    #[garde(skip)]
    force: Option<bool>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReadState {
    read_seq: u64,
    unread_count: u64,
}

/// Marks a channel as read up to a message
///
/// For all devices of whoever reads.
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
        (status = 404, description = "also a public one that one is not in", body = ErrorBody),
        (status = 422, description = "also beyond the last message", body = ErrorBody),
    )
)]
pub(crate) async fn mark_channel_read(
    State(app): State<App>,
    account: AccountCaller,
    PathId(id): PathId<ChannelId>,
    ValidJson(mark): ValidJson<MarkChannelReadRequest>,
) -> ApiResult<Json<ReadState>> {
    let now = app.clock.now();
    // before anything is said of its messages
    let place = place::find_membership(&app, account.user, id).await?;
    let (field, seq) = match (mark.seq, mark.message_id) {
        (Some(seq), None) => ("seq", seq),
        (None, Some(message)) if message.channel == id => ("message_id", message.seq),
        (None, Some(_)) => return Err(Error::field("message_id", "is of another channel").into()),
        (Some(_), Some(_)) => return Err(Error::field("seq", "goes without message_id").into()),
        (None, None) => return Err(Error::field("seq", "is required").into()),
    };
    let last = messages::last_seq(&app.store, id, ReadConsistency::Strong, now).await?;
    if seq > last {
        return Err(Error::field(field, format!("is beyond the last message, {last}")).into());
    }
    let may_go_back = mark.force.unwrap_or_default();
    let (place, is_moved) = place::update_membership(&app, place, |place| {
        if seq > place.read_seq || may_go_back {
            place.read_seq = seq;
        }
    })
    .await?;
    let read_seq = place.read_seq;
    if is_moved {
        let event = Event::ReadMarked(ReadMarked { channel_id: id, read_seq });
        announce::publish_or_log(&app, Room::User(account.user), event).await;
    }
    Ok(Json(ReadState { read_seq, unread_count: last.saturating_sub(read_seq) }))
}
