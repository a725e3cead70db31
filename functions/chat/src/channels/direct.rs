use std::time::Duration;

use axum::{Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, ValidJson},
};
use garde::Validate;
use http::StatusCode;
use model::{
    ChannelId, Error, UserId,
    channel::{ChannelKind, MemberRole},
    message::MessageAuthor,
};
use serde::Deserialize;
use store::{
    RateLimit, ReadConsistency,
    chat::{
        channels::{self, Channel, ChannelCreateOutcome},
        memberships::{self, ChannelMember, Membership},
        messages,
    },
    platform::rate_limits,
};
use utoipa::ToSchema;

use super::{announce, membership, view::MyChannel};
use crate::team::{self, require_teammate};

/// Somebody talks to a few new people a day; a loop writes to all of them.
const ACCOUNT_RATE_LIMIT: RateLimit =
    RateLimit { name: "open_direct_channel", max_attempts: 60, window: Duration::from_hours(1) };

#[derive(Debug, Deserialize, Validate, ToSchema)]
pub(crate) struct OpenDirectChannelRequest {
    #[garde(skip)]
    user_id: UserId,
}

/// The channel of two
///
/// The same one for both, whoever asks: made when it is first asked for. Nobody else is ever in it, and nobody leaves it.
#[utoipa::path(
    post,
    path = "/v1/channels/direct",
    tag = "channels",
    operation_id = "open_direct_channel",
    request_body = OpenDirectChannelRequest,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 201, description = "it is new", body = MyChannel),
        (status = 200, description = "it was there", body = MyChannel),
        (status = 401, body = ErrorBody),
        (status = 404, description = "nobody of the team", body = ErrorBody),
        (status = 409, description = "`USERNAME_REQUIRED`; `LIMIT_REACHED`", body = ErrorBody),
        (status = 422, description = "also with oneself", body = ErrorBody),
        (status = 429, description = "60 new ones an hour", body = ErrorBody),
    )
)]
pub(crate) async fn open_direct_channel(
    State(app): State<App>,
    account: AccountCaller,
    ValidJson(input): ValidJson<OpenDirectChannelRequest>,
) -> ApiResult<(StatusCode, Json<MyChannel>)> {
    let me = require_teammate(&app, account.user).await?;
    if input.user_id == me.id {
        return Err(Error::field("user_id", "must be somebody else").into());
    }
    let id = ChannelId::derive_direct(me.id, input.user_id);
    if let Some(there) = find_direct_channel(&app, id, me.id).await? {
        return Ok((StatusCode::OK, Json(there)));
    }
    rate_limits::count_attempt(&app.store, ACCOUNT_RATE_LIMIT, &me.id.to_string(), app.clock.now())
        .await?
        .require_allowed()?;
    let other = team::find_teammate(&app, input.user_id).await?;
    futures::try_join!(
        membership::require_channel_quota(&app, me.id),
        membership::require_channel_quota(&app, other.id)
    )?;
    let now = app.clock.now();
    let channel = Channel {
        id,
        channel_kind: ChannelKind::Direct,
        name: None,
        description: None,
        is_default: false,
        created_by: Some(me.id),
        member_count: 2,
        archived_at: None,
        created_at: now,
        updated_at: now,
    };
    let rows = |one: &MessageAuthor, with: UserId| -> (ChannelMember, Membership) {
        let (member, place) = membership::new_member_rows(id, one, MemberRole::Member, 0, now);
        (member, Membership { other_user: Some(with), ..place })
    };
    let members = [rows(&me, other.id), rows(&other, me.id)];
    let made = channels::create(&app.store, &channel, &members).await?;
    // also where the other one was faster, or an earlier try broke off
    announce::publish_channel_created(&app, &channel, &[me.id, other.id]).await;
    let status = if made == ChannelCreateOutcome::Created { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(MyChannel::new(&channel, &members[0].1, 0))))
}

/// As it is for one of the two. Their sockets are in its room then, also where an earlier try broke off.
async fn find_direct_channel(app: &App, id: ChannelId, user: UserId) -> Result<Option<MyChannel>, Error> {
    let now = app.clock.now();
    let (channel, place) = futures::try_join!(
        channels::get(&app.store, id, ReadConsistency::Strong, now),
        memberships::get_membership(&app.store, user, id, now),
    )?;
    let (Some(channel), Some(place)) = (channel, place) else { return Ok(None) };
    announce::subscribe_user_sockets(app, id, user).await?;
    let last = messages::last_seq(&app.store, id, ReadConsistency::Eventual, now).await?;
    Ok(Some(MyChannel::new(&channel, &place, last)))
}
