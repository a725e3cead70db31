use std::time::Duration;

use axum::{Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, EntityTag, ErrorBody, ValidJson},
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
        memberships::{ChannelMember, Membership},
        messages,
    },
    platform::rate_limits,
};
use utoipa::ToSchema;

use super::{
    access::load_channel_and_membership,
    add_member, publish, subscriptions,
    view::{MyChannel, channel_tag},
};
use crate::team::{self, require_teammate};

/// A user writes to a few new people a day. A loop writes to every user.
const ACCOUNT_RATE_LIMIT: RateLimit =
    RateLimit { name: "open_direct_channel", max_attempts: 60, window: Duration::from_hours(1) };

/// The other member of the direct channel.
#[derive(Debug, Deserialize, Validate, ToSchema)]
pub(crate) struct OpenDirectChannelRequest {
    /// The id of another active user with a user name.
    #[garde(skip)]
    user_id: UserId,
}

/// Open a direct channel
///
/// Returns the direct channel of the caller and another user, and creates it on the first call. Both users get the same
/// channel. It has exactly these two members, and neither can leave it.
#[utoipa::path(
    post,
    path = "/v1/channels/direct",
    tag = "channels",
    operation_id = "open_direct_channel",
    request_body = OpenDirectChannelRequest,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 201, description = "The channel was created.", body = MyChannel, headers(("ETag" = String))),
        (status = 200, description = "The channel existed already.", body = MyChannel, headers(("ETag" = String))),
        (status = 401, body = ErrorBody),
        (status = 404, description = "No active user with a user name has this id.", body = ErrorBody),
        (status = 409, description = "`USERNAME_REQUIRED`. `LIMIT_REACHED`: one of the two users is in 500 channels.", body = ErrorBody),
        (status = 422, description = "`user_id` is missing, or is the caller's own id.", body = ErrorBody),
        (status = 429, description = "The caller opened more than 60 new direct channels within an hour.", body = ErrorBody),
    )
)]
pub(crate) async fn open_direct_channel(
    State(app): State<App>,
    account: AccountCaller,
    ValidJson(input): ValidJson<OpenDirectChannelRequest>,
) -> ApiResult<(StatusCode, EntityTag, Json<MyChannel>)> {
    let me = require_teammate(&app, account.user).await?;
    if input.user_id == me.id {
        return Err(Error::field("user_id", "must not be your own id").into());
    }
    let id = ChannelId::derive_direct(me.id, input.user_id);
    if let Some((tag, existing)) = find_direct_channel(&app, id, me.id).await? {
        return Ok((StatusCode::OK, tag, Json(existing)));
    }
    rate_limits::count_attempt(&app.store, ACCOUNT_RATE_LIMIT, &me.id.to_string(), app.clock.now())
        .await?
        .require_allowed()?;
    let other = team::find_teammate(&app, input.user_id).await?;
    futures::try_join!(
        add_member::require_channel_quota(&app, me.id),
        add_member::require_channel_quota(&app, other.id)
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
        version: 1,
    };
    let rows = |user: &MessageAuthor, other: UserId| -> (ChannelMember, Membership) {
        let (member, membership) = add_member::new_member_rows(id, user, MemberRole::Member, 0, now);
        (member, Membership { other_user: Some(other), ..membership })
    };
    let members = [rows(&me, other.id), rows(&other, me.id)];
    let outcome = channels::create(&app.store, &channel, &members).await?;
    // also if the other user was faster or an earlier attempt failed before it published
    publish::publish_channel_created(&app, &channel, &[me.id, other.id]).await;
    let status = if outcome == ChannelCreateOutcome::Created { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, channel_tag(&channel), Json(MyChannel::new(&channel, &members[0].1, 0))))
}

/// Returns the existing direct channel for one of its members. Subscribes the member's sockets, because an earlier
/// attempt may have failed before it did.
async fn find_direct_channel(
    app: &App,
    id: ChannelId,
    user: UserId,
) -> Result<Option<(EntityTag, MyChannel)>, Error> {
    let (channel, membership) = load_channel_and_membership(app, id, user).await?;
    let (Some(channel), Some(membership)) = (channel, membership) else { return Ok(None) };
    subscriptions::subscribe_user_sockets(app, id, user).await?;
    let now = app.clock.now();
    let last = messages::last_seq(&app.store, id, ReadConsistency::Eventual, now).await?;
    Ok(Some((channel_tag(&channel), MyChannel::new(&channel, &membership, last))))
}
