use axum::{Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, PathIds, ValidJson},
};
use garde::Validate;
use model::{
    ChannelId, Error, Room, UserId,
    channel::{ChannelPermission, MemberRole},
};
use protocol::{Event, event::chat::MemberRoleChanged};
use serde::Deserialize;
use store::{
    ReadConsistency, WriteOutcome,
    chat::memberships::{self, ChannelMember, RemainingOwner},
};
use utoipa::ToSchema;

use super::{access::find_access, leave, publish, retry_change::retry_change, view::ChannelMemberView};

/// The new role of a member.
#[derive(Debug, Deserialize, Validate, ToSchema)]
pub(crate) struct UpdateChannelMemberRequest {
    /// The role.
    #[garde(skip)]
    role: MemberRole,
}

/// Change the role of a member
///
/// Owners can change every role, also their own. An admin of the deployment can change roles in a public channel. The
/// last owner cannot lose the role.
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
        (status = 403, description = "The caller is not an owner of the channel.", body = ErrorBody),
        (status = 404, description = "The channel does not exist for the caller, or the user is not a member.", body = ErrorBody),
        (status = 409, description = "`LAST_OWNER`. `CONFLICT`: the channel is direct, or the member changed at the same time.", body = ErrorBody),
        (status = 422, body = ErrorBody),
    )
)]
pub(crate) async fn update_channel_member(
    State(app): State<App>,
    account: AccountCaller,
    PathIds(id, user): PathIds<ChannelId, UserId>,
    ValidJson(UpdateChannelMemberRequest { role }): ValidJson<UpdateChannelMemberRequest>,
) -> ApiResult<Json<ChannelMemberView>> {
    let access = find_access(&app, id, account.user).await?;
    access.require_permission(&app, ChannelPermission::AssignRole).await?;
    let member = retry_change("the member", || async {
        let now = app.clock.now();
        let member = memberships::get(&app.store, id, user, ReadConsistency::Strong, now).await?;
        let member = member.ok_or(Error::NotFound("user"))?;
        if member.role == role {
            return Ok(WriteOutcome::Applied(member));
        }
        let remaining_owner = match member.role {
            MemberRole::Owner => leave::require_other_owner(&app, id, user).await?,
            MemberRole::Member | MemberRole::Moderator => RemainingOwner::NotRequired,
        };
        let change = (member.role, role);
        let assigned = memberships::assign_role(&app.store, id, user, change, remaining_owner).await?;
        if assigned == WriteOutcome::Applied(()) {
            let event = Event::MemberUpdated(MemberRoleChanged { user_id: user, channel_id: id, role });
            publish::publish_or_log(&app, Room::Channel(id), event).await;
        }
        Ok(assigned.map(|()| ChannelMember { role, ..member }))
    });
    Ok(Json(member.await?.into()))
}
