use axum::extract::State;
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, IfMatch, PathId},
};
use http::StatusCode;
use model::{ChannelId, Error, ErrorCode, Room, channel::ChannelPermission};
use protocol::{Event, event::chat::ChannelDeleted, job::DeleteChannelRows};
use store::{
    WriteOutcome,
    chat::channels::{self, Channel, RemainingMembers},
};

use super::{access::find_access, publish, retry_change::retry_change, view::CHANNEL};

/// Delete a channel
///
/// The channel disappears for its members at once. A job deletes its messages and members soon after. An owner can
/// delete a channel. An admin of the deployment can delete a public channel. Default and direct channels cannot be
/// deleted.
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
        (status = 403, description = "The caller is not an owner of the channel.", body = ErrorBody),
        (status = 404, description = "The channel does not exist, or it is private or direct and the caller is not a member.", body = ErrorBody),
        (status = 409, description = "`CONFLICT`: the channel is a default channel or direct.", body = ErrorBody),
        (status = 412, description = "`PRECONDITION_FAILED`: the channel has changed since the client read it.", body = ErrorBody),
    )
)]
pub(crate) async fn delete_channel(
    State(app): State<App>,
    account: AccountCaller,
    PathId(id): PathId<ChannelId>,
    if_match: IfMatch,
) -> ApiResult<StatusCode> {
    let expected = &if_match.expected(CHANNEL);
    let condition = if expected.is_any() { RemainingMembers::Any } else { RemainingMembers::AnyIfUnchanged };
    // A lost attempt means that the channel was deleted or has changed. It is read again to find out which.
    retry_change("the channel", || async {
        let access = find_access(&app, id, account.user).await?;
        access.require_permission(&app, ChannelPermission::Delete).await?;
        if access.channel.is_default {
            return Err(Error::conflict(ErrorCode::Conflict, "a default channel cannot be deleted"));
        }
        expected.require(access.channel.version)?;
        delete_and_publish(&app, &access.channel, condition).await
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Deletes a channel and publishes that it was deleted. A job deletes its rows, and the clock sends the job again if it
/// was lost.
pub(crate) async fn delete_and_publish(
    app: &App,
    channel: &Channel,
    condition: RemainingMembers,
) -> Result<WriteOutcome, Error> {
    let now = app.clock.now();
    let room = Room::Channel(channel.id);
    if channels::delete(&app.store, channel, condition, now).await? == WriteOutcome::ConditionFailed {
        return Ok(WriteOutcome::ConditionFailed);
    }
    tracing::info!(channel.id = %channel.id, "channel deleted");
    publish::publish_or_log(app, room, Event::ChannelDeleted(ChannelDeleted { channel_id: channel.id }))
        .await;
    let job = DeleteChannelRows { channel: channel.id };
    if let Err(error) = app.queues.send(&job, now).await {
        tracing::warn!(channel.id = %channel.id, %error, "the clock will request the deletion of a channel's rows");
    }
    Ok(WriteOutcome::Applied(()))
}
