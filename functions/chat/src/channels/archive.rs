use axum::{Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, EntityTag, ErrorBody, IfMatch, PathId},
};
use model::{ChannelId, Error, UserId, channel::ChannelPermission};
use protocol::event::chat::ChannelView;
use store::chat::channels::Channel;

use super::update::change_channel;

/// Archive a channel
///
/// Members can still read an archived channel. No message can be sent to it, no user can join it, and the list of
/// public channels leaves it out. An owner can archive a channel. An admin of the deployment can archive a public
/// channel. An archived channel stays as it is.
#[utoipa::path(
    post,
    path = "/v1/channels/{id}/archive",
    tag = "channels",
    operation_id = "archive_channel",
    params(("id" = ChannelId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, description = "The channel is archived.", body = ChannelView, headers(("ETag" = String))),
        (status = 401, body = ErrorBody),
        (status = 403, description = "The caller is not an owner of the channel.", body = ErrorBody),
        (status = 404, description = "The channel does not exist, or it is private or direct and the caller is not a member.", body = ErrorBody),
        (status = 409, description = "`CONFLICT`: the channel is direct.", body = ErrorBody),
        (status = 412, description = "`PRECONDITION_FAILED`: the channel has changed since the client read it.", body = ErrorBody),
    )
)]
pub(crate) async fn archive_channel(
    State(app): State<App>,
    account: AccountCaller,
    PathId(id): PathId<ChannelId>,
    if_match: IfMatch,
) -> ApiResult<(EntityTag, Json<ChannelView>)> {
    let (tag, channel) = set_archived(&app, account.user, id, &if_match, true).await?;
    Ok((tag, Json(channel)))
}

/// Unarchive a channel
///
/// Members can write to the channel again. An owner can unarchive a channel. An admin of the deployment can unarchive a
/// public channel. A channel that is not archived stays as it is.
#[utoipa::path(
    post,
    path = "/v1/channels/{id}/unarchive",
    tag = "channels",
    operation_id = "unarchive_channel",
    params(("id" = ChannelId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, description = "The channel is not archived.", body = ChannelView, headers(("ETag" = String))),
        (status = 401, body = ErrorBody),
        (status = 403, description = "The caller is not an owner of the channel.", body = ErrorBody),
        (status = 404, description = "The channel does not exist, or it is private or direct and the caller is not a member.", body = ErrorBody),
        (status = 409, description = "`CONFLICT`: the channel is direct.", body = ErrorBody),
        (status = 412, description = "`PRECONDITION_FAILED`: the channel has changed since the client read it.", body = ErrorBody),
    )
)]
pub(crate) async fn unarchive_channel(
    State(app): State<App>,
    account: AccountCaller,
    PathId(id): PathId<ChannelId>,
    if_match: IfMatch,
) -> ApiResult<(EntityTag, Json<ChannelView>)> {
    let (tag, channel) = set_archived(&app, account.user, id, &if_match, false).await?;
    Ok((tag, Json(channel)))
}

async fn set_archived(
    app: &App,
    user: UserId,
    id: ChannelId,
    if_match: &IfMatch,
    archived: bool,
) -> Result<(EntityTag, ChannelView), Error> {
    change_channel(app, user, id, if_match, ChannelPermission::Archive, |access, now| {
        let before = access.channel.clone();
        let archived_at = archived.then(|| before.archived_at.unwrap_or(now));
        Ok(Channel { archived_at, ..before })
    })
    .await
}
