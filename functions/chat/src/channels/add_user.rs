use std::time::Duration;

use axum::{Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, PathId, ValidJson},
};
use garde::Validate;
use model::{
    ChannelId, Error, Room, UserId,
    channel::{ChannelKind, ChannelPermission},
};
use protocol::Event;
use serde::Deserialize;
use store::{
    RateLimit,
    chat::{blocks, memberships},
    platform::rate_limits,
};
use utoipa::ToSchema;

use super::{
    access::{direct_channel_error, find_access},
    add_member,
    join::JoinChannelResponse,
    publish, subscriptions, view,
};
use crate::team;

/// Adding a whole team to a channel stays below this limit. A loop that fills other users' channel lists does not.
const ACCOUNT_RATE_LIMIT: RateLimit =
    RateLimit { name: "add_user_to_channel", max_attempts: 60, window: Duration::from_hours(1) };

/// A user is added to a few channels a day, and to some more on the first day. Without this limit, several callers could
/// fill the channels of one user. A user who reached it can still join public channels.
const TARGET_RATE_LIMIT: RateLimit =
    RateLimit { name: "added_to_channel", max_attempts: 20, window: Duration::from_hours(1) };

/// The user to add.
#[derive(Debug, Deserialize, Validate, ToSchema)]
pub(crate) struct AddUserToChannelRequest {
    /// The id of a user with a user name.
    #[garde(skip)]
    user_id: UserId,
}

/// Add a user to a channel
///
/// Owners and moderators can add users to a private channel. Every member can add users to a public channel. Adding a
/// member again returns 200 and changes nothing. A user can be added to 20 channels in an hour by others.
#[utoipa::path(
    post,
    path = "/v1/channels/{id}/add-user",
    tag = "channels",
    operation_id = "add_user_to_channel",
    params(("id" = ChannelId, Path)),
    request_body = AddUserToChannelRequest,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, description = "The user was added, or was a member already.", body = JoinChannelResponse),
        (status = 401, body = ErrorBody),
        (status = 403, description = "The channel is private and the caller is neither owner nor moderator, or it is public and \
                                      the caller is not a member. The user cannot be added by the caller.", body = ErrorBody),
        (status = 404, description = "The channel does not exist for the caller, or no active user with a user name has this id.",
         body = ErrorBody),
        (status = 409, description = "`CHANNEL_ARCHIVED`. `LIMIT_REACHED`: the channel is full, or the user is in 500 channels. \
                                      `CONFLICT`: the channel is direct.", body = ErrorBody),
        (status = 422, body = ErrorBody),
        (status = 429, description = "The caller added more than 60 users within an hour, or the user was added to more than 20 \
                                      channels.", body = ErrorBody),
    )
)]
pub(crate) async fn add_user_to_channel(
    State(app): State<App>,
    account: AccountCaller,
    PathId(id): PathId<ChannelId>,
    ValidJson(input): ValidJson<AddUserToChannelRequest>,
) -> ApiResult<Json<JoinChannelResponse>> {
    let access = find_access(&app, id, account.user).await?;
    match access.channel.channel_kind {
        ChannelKind::Direct => return Err(direct_channel_error().into()),
        ChannelKind::Private => access.require_permission(&app, ChannelPermission::AddMember).await?,
        ChannelKind::Public if access.membership.is_some() => {}
        ChannelKind::Public => {
            return Err(Error::forbidden("only members of the channel can add users to it").into());
        }
    }
    model::channel::require_not_archived(access.channel.archived_at)?;
    rate_limits::count_attempt(&app.store, ACCOUNT_RATE_LIMIT, &account.user.to_string(), app.clock.now())
        .await?
        .require_allowed()?;
    let user = team::find_teammate(&app, input.user_id).await?;
    require_can_be_added(&app, id, account.user, user.id).await?;
    let mut channel = access.channel;
    let is_new = add_member::add_member(&app, id, &user).await?.is_some();
    if is_new {
        channel.member_count += 1;
        publish::publish_user_joined(&app, id, &user).await?;
        publish::publish_or_log(
            &app,
            Room::User(user.id),
            Event::ChannelCreated(view::channel_view(&channel)),
        )
        .await;
    } else {
        subscriptions::subscribe_user_sockets(&app, id, user.id).await?;
    }
    Ok(Json(JoinChannelResponse::new(&channel, &user.username, is_new)))
}

/// Checks that the caller may add another channel to the user's channels. A member is not added again, so nothing is
/// checked.
///
/// # Errors
/// `Forbidden` if one of the two blocked the other. `LIMIT_REACHED` if the user is in the maximum number of channels.
/// `RateLimited` if others added the user to many channels within the hour.
async fn require_can_be_added(
    app: &App,
    channel: ChannelId,
    caller: UserId,
    user: UserId,
) -> Result<(), Error> {
    let now = app.clock.now();
    if memberships::get_membership(&app.store, user, channel, now).await?.is_some() {
        return Ok(());
    }
    if !blocks::find_between(&app.store, caller, user, now).await?.is_empty() {
        return Err(Error::forbidden("this user cannot be added by you"));
    }
    add_member::require_channel_quota(app, user).await?;
    rate_limits::count_attempt(&app.store, TARGET_RATE_LIMIT, &user.to_string(), now).await?.require_allowed()
}
