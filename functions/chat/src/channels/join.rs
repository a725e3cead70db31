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

use super::{access::find_access, add_member, publish, subscriptions, view};
use crate::team::require_teammate;

/// The channel to join.
#[derive(Debug, Deserialize, Validate, ToSchema)]
pub(crate) struct JoinChannelRequest {
    /// The id of a public channel.
    #[garde(skip)]
    channel_id: ChannelId,
}

/// A channel and whether a user joined it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct JoinChannelResponse {
    /// A sentence for people: the user joined, or is already in the channel.
    message: String,
    channel: ChannelView,
}

/// Join a public channel
///
/// Earlier messages count as read. Joining again returns 200 and changes nothing.
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
        (status = 404, description = "The channel does not exist, or it is private or direct and the caller is not a member.", body = ErrorBody),
        (status = 409, description = "`CHANNEL_ARCHIVED`. `USERNAME_REQUIRED`. `LIMIT_REACHED`: the channel is full, or the caller is in \
                                      500 channels.", body = ErrorBody),
        (status = 422, body = ErrorBody),
    )
)]
pub(crate) async fn join_channel(
    State(app): State<App>,
    account: AccountCaller,
    ValidJson(input): ValidJson<JoinChannelRequest>,
) -> ApiResult<Json<JoinChannelResponse>> {
    Ok(Json(join_public_channel(&app, account, input.channel_id).await?))
}

/// Join the public channel of this path
///
/// Does the same as `POST /v1/channels/join`.
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
        (status = 404, description = "The channel does not exist, or it is private or direct and the caller is not a member.", body = ErrorBody),
        (status = 409, description = "`CHANNEL_ARCHIVED`. `USERNAME_REQUIRED`. `LIMIT_REACHED`: the channel is full, or the caller is in \
                                      500 channels.", body = ErrorBody),
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
    let access = find_access(app, id, account.user).await?;
    let mut channel = access.channel.clone();
    let author = require_teammate(app, account.user).await?;
    let mut is_new = false;
    if access.membership.is_none() {
        model::channel::require_not_archived(access.channel.archived_at)?;
        add_member::require_channel_quota(app, account.user).await?;
        is_new = add_member::add_member(app, id, &author).await?.is_some();
    }
    if is_new {
        channel.member_count += 1;
        publish::publish_user_joined(app, id, &author).await?;
    } else {
        // an earlier attempt may have failed before it subscribed the sockets
        subscriptions::subscribe_user_sockets(app, id, account.user).await?;
    }
    Ok(JoinChannelResponse::new(&channel, &author.username, is_new))
}

impl JoinChannelResponse {
    pub(super) fn new(channel: &Channel, username: &str, is_new: bool) -> Self {
        let label = view::channel_label(channel);
        let action = if is_new { "joined" } else { "is already in" };
        Self { message: format!("{username} {action} {label}"), channel: view::channel_view(channel) }
    }
}
