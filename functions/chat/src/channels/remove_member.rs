use axum::extract::State;
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, PathIds},
};
use http::StatusCode;
use model::{
    ChannelId, Error, ErrorCode, UserId,
    channel::{ChannelPermission, MemberRole},
};
use store::{
    ReadConsistency, WriteOutcome,
    chat::{channels, memberships},
};

use super::{announce, leave, seat};

/// How often the member's role may change at the same moment.
const MAX_ATTEMPTS: usize = 8;

/// Removes somebody from a channel
///
/// By owners and moderators, and only of a lower role; from a public one also by an admin. It takes effect at once: their sockets hear
/// no more of it. A public channel they may join again.
#[utoipa::path(
    delete,
    path = "/v1/channels/{id}/members/{user_id}",
    tag = "channels",
    operation_id = "remove_channel_member",
    params(("id" = ChannelId, Path), ("user_id" = UserId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 204, description = "also where they are not in it"),
        (status = 401, body = ErrorBody),
        (status = 403, description = "neither owner nor moderator, or not of a lower role", body = ErrorBody),
        (status = 404, description = "also a private or direct one that one is not in", body = ErrorBody),
        (status = 409, description = "`CONFLICT`: it is direct, or the member changed at the same time", body = ErrorBody),
    )
)]
pub(crate) async fn remove_channel_member(
    State(app): State<App>,
    account: AccountCaller,
    PathIds(id, user): PathIds<ChannelId, UserId>,
) -> ApiResult<StatusCode> {
    let seat = seat::find_access(&app, id, account.user).await?;
    seat.require_permission(&app, ChannelPermission::Kick).await?;
    if user == account.user {
        return Err(Error::forbidden("nobody removes themselves: see DELETE /v1/channels/{id}/leave").into());
    }
    let is_admin = async || seat.is_managed_by_admin(&app).await;
    let mine = seat.membership.as_ref().map(|place| place.role);
    for _ in 0..MAX_ATTEMPTS {
        let now = app.clock.now();
        let Some(member) = memberships::get(&app.store, id, user, ReadConsistency::Strong, now).await? else {
            // whoever was cut off before their sockets were out of the room
            announce::unsubscribe_user_sockets(&app, id, user).await?;
            return Ok(StatusCode::NO_CONTENT);
        };
        let is_lower = mine.is_some_and(|mine| mine > member.role);
        if !is_lower && !is_admin().await? {
            return Err(Error::forbidden("only members of a lower role than one's own").into());
        }
        let channel = match member.role {
            // by an admin: how many there are is asked anew
            MemberRole::Owner => channels::get(&app.store, id, ReadConsistency::Strong, now).await?,
            MemberRole::Member | MemberRole::Moderator => Some(seat.channel.clone()),
        };
        let channel = channel.ok_or(Error::NotFound("channel"))?;
        let who = leave::member_author(&app, &channel, user).await?;
        if leave::remove_and_publish(&app, &channel, &who, member.role).await? == WriteOutcome::Applied(()) {
            return Ok(StatusCode::NO_CONTENT);
        }
    }
    Err(Error::conflict(ErrorCode::Conflict, "the member was changed at the same time: try again").into())
}
