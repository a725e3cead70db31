use axum::extract::State;
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, PathId},
};
use futures::{StreamExt, TryStreamExt, stream};
use http::StatusCode;
use model::{ChannelId, Error, ErrorCode, Room, channel::ChannelPermission};
use protocol::{Event, event::chat::ChannelDeleted, job::DeleteChannelRows};
use store::{
    WriteOutcome,
    chat::channels::{self, Channel, RemainingMembers},
    realtime::connections,
};

use super::{announce, seat};

/// Sockets that are taken out of a room at once.
const UNSUBSCRIPTION_CONCURRENCY: usize = 32;

/// Deletes a channel with everything in it
///
/// By an owner; a public one also by an admin. Nobody finds it from now on; what was written in it is cleared away soon after.
#[utoipa::path(
    delete,
    path = "/v1/channels/{id}",
    tag = "channels",
    operation_id = "delete_channel",
    params(("id" = ChannelId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 204),
        (status = 401, body = ErrorBody),
        (status = 403, description = "no owner", body = ErrorBody),
        (status = 404, description = "also a private or direct one that one is not in", body = ErrorBody),
        (status = 409, description = "`CONFLICT`: it is a default or a direct one", body = ErrorBody),
    )
)]
pub(crate) async fn delete_channel(
    State(app): State<App>,
    account: AccountCaller,
    PathId(id): PathId<ChannelId>,
) -> ApiResult<StatusCode> {
    let seat = seat::find_access(&app, id, account.user).await?;
    seat.require_permission(&app, ChannelPermission::Delete).await?;
    if seat.channel.is_default {
        return Err(Error::conflict(ErrorCode::Conflict, "everyone is in a default channel: it stays").into());
    }
    match delete_and_publish(&app, &seat.channel, RemainingMembers::Any).await? {
        WriteOutcome::Applied(()) => Ok(StatusCode::NO_CONTENT),
        WriteOutcome::ConditionFailed => Err(Error::NotFound("channel").into()),
    }
}

/// The end of a channel: gone for everyone, who are told; the rows go by a job, which the clock sends again if it is lost.
pub(crate) async fn delete_and_publish(
    app: &App,
    channel: &Channel,
    by: RemainingMembers,
) -> Result<WriteOutcome, Error> {
    let (now, room) = (app.clock.now(), Room::Channel(channel.id));
    if channels::delete(&app.store, channel, by, now).await? == WriteOutcome::ConditionFailed {
        return Ok(WriteOutcome::ConditionFailed);
    }
    tracing::info!(channel.id = %channel.id, "channel deleted");
    announce::publish_or_log(app, room, Event::ChannelDeleted(ChannelDeleted { channel_id: channel.id }))
        .await;
    let job = DeleteChannelRows { channel: channel.id };
    if let Err(error) = app.queues.send(&job, now).await {
        tracing::warn!(channel.id = %channel.id, %error, "a deleted channel is cleared away later");
    }
    Ok(WriteOutcome::Applied(()))
}

/// Takes everyone out of the room of a channel that is gone.
pub(crate) async fn unsubscribe_everyone(app: &App, channel: ChannelId) -> Result<(), Error> {
    let room = Room::Channel(channel);
    let all = connections::list_in_room(&app.store, room, app.clock.now()).await?;
    let exits =
        all.iter().map(|one| connections::unsubscribe(&app.store, room, one.identity.holder_id(), &one.id));
    let exits: Vec<_> = exits.collect();
    Ok(stream::iter(exits).buffer_unordered(UNSUBSCRIPTION_CONCURRENCY).try_collect::<()>().await?)
}
