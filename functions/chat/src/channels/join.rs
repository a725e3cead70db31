use axum::{Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, PathId, ValidJson},
};
use garde::Validate;
use model::{ChannelId, Error};
use protocol::event::chat::ChannelView;
use serde::{Deserialize, Serialize};
use store::chat::channels::Channel;
use utoipa::ToSchema;

use super::{announce, membership, seat, view};
use crate::team::require_teammate;

#[derive(Debug, Deserialize, Validate, ToSchema)]
pub(crate) struct JoinChannelRequest {
    #[garde(skip)]
    channel_id: ChannelId,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct JoinChannelResponse {
    /// For people.
    message: String,
    channel: ChannelView,
}

/// Joins a public channel
///
/// However often: whoever is in it already is answered the same. What was written before counts as read.
#[utoipa::path(
    post,
    path = "/v1/channels/join",
    tag = "channels",
    operation_id = "join_channel",
    request_body = JoinChannelRequest,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = JoinChannelResponse),
        (status = 401, body = ErrorBody),
        (status = 404, description = "also a private or direct one that one is not in", body = ErrorBody),
        (status = 409, description = "`CHANNEL_ARCHIVED`, `USERNAME_REQUIRED`, `LIMIT_REACHED`", body = ErrorBody),
        (status = 422, body = ErrorBody),
    )
)]
pub(crate) async fn join_channel(
    State(app): State<App>,
    account: AccountCaller,
    ValidJson(which): ValidJson<JoinChannelRequest>,
) -> ApiResult<Json<JoinChannelResponse>> {
    Ok(Json(join_public_channel(&app, account, which.channel_id).await?))
}

/// Joins a public channel, by its path
#[utoipa::path(
    post,
    path = "/v1/channels/{id}/join",
    tag = "channels",
    operation_id = "join_this_channel",
    params(("id" = ChannelId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = JoinChannelResponse),
        (status = 401, body = ErrorBody),
        (status = 404, description = "also a private or direct one that one is not in", body = ErrorBody),
        (status = 409, description = "`CHANNEL_ARCHIVED`, `USERNAME_REQUIRED`, `LIMIT_REACHED`", body = ErrorBody),
    )
)]
pub(crate) async fn join_this_channel(
    State(app): State<App>,
    account: AccountCaller,
    PathId(id): PathId<ChannelId>,
) -> ApiResult<Json<JoinChannelResponse>> {
    Ok(Json(join_public_channel(&app, account, id).await?))
}

async fn join_public_channel(
    app: &App,
    account: AccountCaller,
    id: ChannelId,
) -> Result<JoinChannelResponse, Error> {
    let seat = seat::find_access(app, id, account.user).await?;
    let mut channel = seat.channel.clone();
    let author = require_teammate(app, account.user).await?;
    let mut is_new = false;
    if seat.membership.is_none() {
        model::channel::require_not_archived(seat.channel.archived_at)?;
        membership::require_channel_quota(app, account.user).await?;
        is_new = membership::add_member(app, id, &author).await?.is_some();
    }
    if is_new {
        channel.member_count += 1;
        announce::publish_user_joined(app, id, &author).await?;
    } else {
        // whoever was cut off before their sockets were in the room
        announce::subscribe_user_sockets(app, id, account.user).await?;
    }
    Ok(JoinChannelResponse::new(&channel, &author.username, is_new))
}

impl JoinChannelResponse {
    pub(super) fn new(channel: &Channel, username: &str, is_new: bool) -> Self {
        let name = channel.name.as_ref().map_or_else(|| "the channel".into(), |name| format!("#{name}"));
        let what = if is_new { "joined" } else { "is already in" };
        Self { message: format!("{username} {what} {name}"), channel: view::channel_view(channel) }
    }
}
