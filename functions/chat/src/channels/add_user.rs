use std::time::Duration;

use axum::{Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, PathId, ValidJson},
};
use garde::Validate;
use model::{
    ChannelId, Error, ErrorCode, Room, UserId,
    channel::{ChannelKind, ChannelPermission},
};
use protocol::Event;
use serde::Deserialize;
use store::{RateLimit, platform::rate_limits};
use utoipa::ToSchema;

use super::{announce, join::JoinChannelResponse, membership, seat, view};
use crate::team;

/// Somebody fills a channel with their team; a loop fills everyone's list.
const ACCOUNT_RATE_LIMIT: RateLimit =
    RateLimit { name: "add_user_to_channel", max_attempts: 60, window: Duration::from_hours(1) };

#[derive(Debug, Deserialize, Validate, ToSchema)]
pub(crate) struct AddUserToChannelRequest {
    #[garde(skip)]
    user_id: UserId,
}

/// Adds somebody of the team to a channel
///
/// To a private one by its owners and moderators, to a public one by any member. However often.
#[utoipa::path(
    post,
    path = "/v1/channels/{id}/add-user",
    tag = "channels",
    operation_id = "add_user_to_channel",
    params(("id" = ChannelId, Path)),
    request_body = AddUserToChannelRequest,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, description = "also where they are in it already", body = JoinChannelResponse),
        (status = 401, body = ErrorBody),
        (status = 403, description = "neither owner nor moderator of a private one, or not in a public one", body = ErrorBody),
        (status = 404, description = "no such channel for the caller, or nobody of the team", body = ErrorBody),
        (status = 409, description = "`CHANNEL_ARCHIVED`; `LIMIT_REACHED`; `CONFLICT`: it is direct", body = ErrorBody),
        (status = 422, body = ErrorBody),
        (status = 429, description = "60 an hour", body = ErrorBody),
    )
)]
pub(crate) async fn add_user(
    State(app): State<App>,
    account: AccountCaller,
    PathId(id): PathId<ChannelId>,
    ValidJson(input): ValidJson<AddUserToChannelRequest>,
) -> ApiResult<Json<JoinChannelResponse>> {
    let seat = seat::find_access(&app, id, account.user).await?;
    match seat.channel.channel_kind {
        ChannelKind::Direct => {
            return Err(Error::conflict(
                ErrorCode::Conflict,
                "a direct channel is of two, and stays as it is",
            )
            .into());
        }
        ChannelKind::Private => seat.require_permission(&app, ChannelPermission::AddMember).await?,
        ChannelKind::Public if seat.membership.is_some() => {}
        ChannelKind::Public => return Err(Error::forbidden("members of the channel only").into()),
    }
    model::channel::require_not_archived(seat.channel.archived_at)?;
    rate_limits::count_attempt(&app.store, ACCOUNT_RATE_LIMIT, &account.user.to_string(), app.clock.now())
        .await?
        .require_allowed()?;
    let who = team::find_teammate(&app, input.user_id).await?;
    let mut channel = seat.channel;
    membership::require_channel_quota(&app, who.id).await?;
    let is_new = membership::add_member(&app, id, &who).await?.is_some();
    if is_new {
        channel.member_count += 1;
        announce::publish_user_joined(&app, id, &who).await?;
        announce::publish_or_log(
            &app,
            Room::User(who.id),
            Event::ChannelCreated(view::channel_view(&channel)),
        )
        .await;
    } else {
        announce::subscribe_user_sockets(&app, id, who.id).await?;
    }
    Ok(Json(JoinChannelResponse::new(&channel, &who.username, is_new)))
}
