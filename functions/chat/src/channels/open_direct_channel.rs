use std::time::Duration;

use axum::{Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, EntityTag, ErrorBody, ValidJson},
};
use garde::Validate;
use http::StatusCode;
use model::{
    ChannelId, Error, ErrorCode, UserId,
    channel::{ChannelKind, MemberRole},
};
use serde::Deserialize;
use store::{
    RateLimit, ReadConsistency,
    chat::{
        channels::{self, Channel, ChannelCreateOutcome},
        memberships::{self, JoinOutcome, Membership},
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
use crate::{
    membership_update::update_membership,
    team::{self, require_teammate},
};

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
/// channel. The other user becomes a member when they open the channel too, or with the first message. Neither can leave
/// it. Each can hide it. A channel that the caller has hidden is shown again.
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
        (status = 409, description = "`USERNAME_REQUIRED`. `LIMIT_REACHED`: the caller is in 500 channels.", body = ErrorBody),
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
    add_member::require_channel_quota(&app, me.id).await?;
    let now = app.clock.now();
    let channel = Channel {
        id,
        channel_kind: ChannelKind::Direct,
        name: None,
        description: None,
        is_default: false,
        created_by: Some(me.id),
        member_count: 1,
        archived_at: None,
        created_at: now,
        updated_at: now,
        version: 1,
    };
    let (member, membership) = add_member::new_member_rows(id, &me, MemberRole::Member, 0, now);
    let membership = Membership { other_user: Some(other.id), ..membership };
    let rows = [(member, membership)];
    if channels::create(&app.store, &channel, &rows).await? == ChannelCreateOutcome::Created {
        publish::publish_channel_created(&app, &channel, &[me.id]).await;
        let view = MyChannel::new(&channel, &rows[0].1, 0);
        return Ok((StatusCode::CREATED, channel_tag(&channel), Json(view)));
    }
    // the other user opened it before
    let [(member, membership)] = rows;
    if memberships::join(&app.store, &member, &membership).await? == JoinOutcome::Rejected {
        return Err(
            Error::conflict(ErrorCode::Conflict, "the channel was deleted just now: try again").into()
        );
    }
    let (channel, _) = load_channel_and_membership(&app, id, me.id).await?;
    let channel = channel.ok_or(Error::NotFound("channel"))?;
    publish::publish_channel_created(&app, &channel, &[me.id]).await;
    let last = messages::last_seq(&app.store, id, ReadConsistency::Eventual, now).await?;
    Ok((StatusCode::OK, channel_tag(&channel), Json(MyChannel::new(&channel, &membership, last))))
}

/// Returns the existing direct channel for one of its members, and shows it again. Subscribes the member's sockets,
/// because an earlier attempt may have failed before it did.
async fn find_direct_channel(
    app: &App,
    id: ChannelId,
    user: UserId,
) -> Result<Option<(EntityTag, MyChannel)>, Error> {
    let (channel, membership) = load_channel_and_membership(app, id, user).await?;
    let (Some(channel), Some(membership)) = (channel, membership) else { return Ok(None) };
    let (membership, is_shown_again) =
        update_membership(app, membership, |it| it.hidden_through = None).await?;
    if is_shown_again {
        publish::publish_visibility(app, &membership).await;
    }
    subscriptions::subscribe_user_sockets(app, id, user).await?;
    let now = app.clock.now();
    let last = messages::last_seq(&app.store, id, ReadConsistency::Eventual, now).await?;
    Ok(Some((channel_tag(&channel), MyChannel::new(&channel, &membership, last))))
}
