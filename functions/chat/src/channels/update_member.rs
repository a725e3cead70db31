use axum::{Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, PathIds, ValidJson},
};
use garde::Validate;
use model::{
    ChannelId, Error, ErrorCode, Room, UserId,
    channel::{ChannelPermission, MemberRole},
};
use protocol::{Event, event::chat::MemberRoleChanged};
use serde::Deserialize;
use store::{
    ReadConsistency, WriteOutcome,
    chat::memberships::{self, ChannelMember, RemainingOwner},
};
use utoipa::ToSchema;

use super::{announce, leave, seat, view::ChannelMemberView};

/// How often the member's role may change at the same moment.
const MAX_ATTEMPTS: usize = 8;

#[derive(Debug, Deserialize, Validate, ToSchema)]
pub(crate) struct UpdateChannelMemberRequest {
    #[garde(skip)]
    role: MemberRole,
}

/// Gives a member another role
///
/// By an owner, also their own; in a public channel also by an admin. The last owner stays one.
#[utoipa::path(
    patch,
    path = "/v1/channels/{id}/members/{user_id}",
    tag = "channels",
    operation_id = "update_channel_member",
    params(("id" = ChannelId, Path), ("user_id" = UserId, Path)),
    request_body = UpdateChannelMemberRequest,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = ChannelMemberView),
        (status = 401, body = ErrorBody),
        (status = 403, description = "no owner", body = ErrorBody),
        (status = 404, description = "no such channel for the caller, or nobody in it", body = ErrorBody),
        (status = 409, description = "`LAST_OWNER`; `CONFLICT`: it is direct, or the member changed at the same time", body = ErrorBody),
        (status = 422, body = ErrorBody),
    )
)]
pub(crate) async fn update_channel_member(
    State(app): State<App>,
    account: AccountCaller,
    PathIds(id, user): PathIds<ChannelId, UserId>,
    ValidJson(UpdateChannelMemberRequest { role }): ValidJson<UpdateChannelMemberRequest>,
) -> ApiResult<Json<ChannelMemberView>> {
    let seat = seat::find_access(&app, id, account.user).await?;
    seat.require_permission(&app, ChannelPermission::AssignRole).await?;
    for _ in 0..MAX_ATTEMPTS {
        let now = app.clock.now();
        let member = memberships::get(&app.store, id, user, ReadConsistency::Strong, now).await?;
        let member = member.ok_or(Error::NotFound("user"))?;
        if member.role == role {
            return Ok(Json(member.into()));
        }
        let stays = match member.role {
            MemberRole::Owner => leave::require_other_owner(&app, id, user).await?,
            MemberRole::Member | MemberRole::Moderator => RemainingOwner::NotRequired,
        };
        let change = (member.role, role);
        if memberships::assign_role(&app.store, id, user, change, stays).await? == WriteOutcome::Applied(()) {
            let event = Event::MemberUpdated(MemberRoleChanged { user_id: user, channel_id: id, role });
            announce::publish_or_log(&app, Room::Channel(id), event).await;
            return Ok(Json(ChannelMember { role, ..member }.into()));
        }
    }
    Err(Error::conflict(ErrorCode::Conflict, "the member was changed at the same time: try again").into())
}
