use axum::{Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, PathId},
};
use model::{
    ChannelId, Error, ErrorCode, UserId,
    channel::{ChannelKind, MemberRole},
    message::MessageAuthor,
};
use serde::Serialize;
use store::{
    ReadConsistency, WriteOutcome,
    chat::{
        channels::{Channel, RemainingMembers},
        memberships::{self, RemainingOwner},
    },
};
use utoipa::ToSchema;

use super::{
    access::{direct_channel_error, find_access},
    delete, publish,
    retry_change::retry_change,
    subscriptions, view,
};

/// Confirms that the caller is not a member of a channel.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LeaveChannelResponse {
    /// A sentence for people: the caller left the channel, or was not in it.
    message: String,
}

/// Leave a channel
///
/// An owner can leave if another owner remains, or if the owner is the last member. A private channel is deleted with
/// its last member, because no user could be added to it any more and its name would stay taken. A public channel stays
/// without members.
#[utoipa::path(
    delete,
    path = "/v1/channels/{id}/leave",
    tag = "channels",
    operation_id = "leave_channel",
    params(("id" = ChannelId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, description = "The caller left the channel, or was not a member of this public channel.", body = LeaveChannelResponse),
        (status = 401, body = ErrorBody),
        (status = 404, description = "The channel does not exist, or it is private or direct and the caller is not a member.", body = ErrorBody),
        (status = 409, description = "`LAST_OWNER`. `CONFLICT`: the channel is direct, or members changed at the same time.", body = ErrorBody),
    )
)]
pub(crate) async fn leave_channel(
    State(app): State<App>,
    account: AccountCaller,
    PathId(id): PathId<ChannelId>,
) -> ApiResult<Json<LeaveChannelResponse>> {
    let message = retry_change("the membership", || async {
        let access = find_access(&app, id, account.user).await?;
        let label = view::channel_label(&access.channel);
        let Some(membership) = &access.membership else {
            // an earlier attempt may have failed before it unsubscribed the sockets
            subscriptions::unsubscribe_user_sockets(&app, id, account.user).await?;
            return Ok(WriteOutcome::Applied(format!("not in {label}")));
        };
        if access.is_direct() {
            return Err(direct_channel_error());
        }
        let member = member_author(&app, &access.channel, account.user).await?;
        let removed = remove_and_publish(&app, &access.channel, &member, membership.role).await?;
        Ok(removed.map(|()| format!("left {label}")))
    });
    Ok(Json(LeaveChannelResponse { message: message.await? }))
}

/// Returns a member with the names that the channel stores. The account may be deleted already.
pub(crate) async fn member_author(
    app: &App,
    channel: &Channel,
    user: UserId,
) -> Result<MessageAuthor, Error> {
    let now = app.clock.now();
    let member = memberships::get(&app.store, channel.id, user, ReadConsistency::Strong, now).await?;
    let (username, name) = member.map(|member| (member.username, member.name)).unwrap_or_default();
    Ok(MessageAuthor { id: user, username, name })
}

/// Removes a member and publishes it. A private channel is deleted with its last member. `ConditionFailed` means that
/// the members changed after `channel` and `role` were read.
///
/// # Errors
/// `LAST_OWNER` if the member is the only owner and other members remain.
pub(crate) async fn remove_and_publish(
    app: &App,
    channel: &Channel,
    member: &MessageAuthor,
    role: MemberRole,
) -> Result<WriteOutcome, Error> {
    let is_last_member = channel.member_count <= 1;
    if is_last_member && channel.channel_kind == ChannelKind::Private {
        return delete::delete_and_publish(app, channel, RemainingMembers::OnlyCaller).await;
    }
    let remaining_owner = match role {
        MemberRole::Owner if is_last_member => RemainingOwner::LastMember,
        MemberRole::Owner => require_other_owner(app, channel.id, member.id).await?,
        MemberRole::Member | MemberRole::Moderator => RemainingOwner::NotRequired,
    };
    // Also before the transaction. If the process dies after it, no socket stays in the room.
    subscriptions::unsubscribe_user_sockets(app, channel.id, member.id).await?;
    let removed = memberships::leave(&app.store, channel.id, member.id, role, remaining_owner).await;
    match removed {
        Ok(WriteOutcome::Applied(())) => publish::publish_user_left(app, channel.id, member).await?,
        // the user is still a member, unless a concurrent request removed them
        Ok(WriteOutcome::ConditionFailed) | Err(_) => {
            subscriptions::subscribe_user_sockets(app, channel.id, member.id).await?;
        }
    }
    Ok(removed?)
}

/// Returns the condition that another owner remains.
///
/// # Errors
/// `LAST_OWNER` if the channel has no other owner.
pub(crate) async fn require_other_owner(
    app: &App,
    channel: ChannelId,
    owner: UserId,
) -> Result<RemainingOwner, Error> {
    let other = memberships::find_other_owner(&app.store, channel, owner, app.clock.now()).await?;
    other.map(RemainingOwner::OtherOwner).ok_or_else(|| {
        Error::conflict(
            ErrorCode::LastOwner,
            "the channel would have no owner: make another member an owner first",
        )
    })
}
