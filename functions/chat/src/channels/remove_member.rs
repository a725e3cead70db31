use axum::extract::State;
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, PathIds},
};
use http::StatusCode;
use model::{
    ChannelId, Error, UserId,
    channel::{ChannelPermission, MemberRole},
};
use store::{
    ReadConsistency, WriteOutcome,
    chat::{channels, memberships},
};

use super::{access::find_access, leave, retry_change::retry_change, subscriptions};

/// Remove a member from a channel
///
/// Owners and moderators can remove members with a lower role. An admin of the deployment can remove every member of a
/// public channel. The member's sockets get no further events of the channel. A removed member can join a public
/// channel again.
#[utoipa::path(
    delete,
    path = "/v1/channels/{id}/members/{user_id}",
    tag = "channels",
    operation_id = "remove_channel_member",
    params(("id" = ChannelId, Path), ("user_id" = UserId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 204, description = "The member was removed, or the user was not a member."),
        (status = 401, body = ErrorBody),
        (status = 403, description = "The caller is neither owner nor moderator, or the member's role is not lower than the caller's.",
         body = ErrorBody),
        (status = 404, description = "The channel does not exist, or it is private or direct and the caller is not a member.", body = ErrorBody),
        (status = 409, description = "`CONFLICT`: the channel is direct, or the member changed at the same time.", body = ErrorBody),
    )
)]
pub(crate) async fn remove_channel_member(
    State(app): State<App>,
    account: AccountCaller,
    PathIds(id, user): PathIds<ChannelId, UserId>,
) -> ApiResult<StatusCode> {
    let access = find_access(&app, id, account.user).await?;
    access.require_permission(&app, ChannelPermission::Kick).await?;
    if user == account.user {
        let reason = "you cannot remove yourself: use DELETE /v1/channels/{id}/leave";
        return Err(Error::forbidden(reason).into());
    }
    let caller_role = access.membership.as_ref().map(|membership| membership.role);
    let removed = retry_change("the member", || async {
        let now = app.clock.now();
        let Some(member) = memberships::get(&app.store, id, user, ReadConsistency::Strong, now).await? else {
            // an earlier attempt may have failed before it unsubscribed the sockets
            subscriptions::unsubscribe_user_sockets(&app, id, user).await?;
            return Ok(WriteOutcome::Applied(()));
        };
        let is_lower = caller_role.is_some_and(|role| role > member.role);
        if !is_lower && !access.is_managed_by_admin(&app).await? {
            return Err(Error::forbidden("you can remove only members with a lower role than yours"));
        }
        let channel = match member.role {
            // only admins remove owners; the number of members decides whether an owner may go, so it is read again
            MemberRole::Owner => channels::get(&app.store, id, ReadConsistency::Strong, now).await?,
            MemberRole::Member | MemberRole::Moderator => Some(access.channel.clone()),
        };
        let channel = channel.ok_or(Error::NotFound("channel"))?;
        let author = leave::member_author(&app, &channel, user).await?;
        leave::remove_and_publish(&app, &channel, &author, member.role).await
    });
    removed.await?;
    Ok(StatusCode::NO_CONTENT)
}
