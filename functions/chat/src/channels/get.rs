use axum::{Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, EntityTag, ErrorBody, PathId},
};
use model::{ChannelId, channel::MemberRole};
use protocol::event::chat::ChannelView;
use serde::Serialize;
use store::{PageRequest, chat::memberships};
use utoipa::ToSchema;

use super::{
    access::find_access,
    view::{self, ChannelMemberView, channel_tag},
};

/// Members in the response.
const MAX_LISTED_MEMBERS: usize = 100;
/// Members that are read to choose the listed ones from. They cost at most 25 read units.
const MAX_READ_MEMBERS: usize = 1_000;

/// A channel and some of its members.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChannelWithMembers {
    #[serde(flatten)]
    channel: ChannelView,
    /// The caller's role. `null` if the caller is not a member.
    my_role: Option<MemberRole>,
    /// Up to 100 members, owners first, then by name. Only members of the channel see this field.
    #[serde(skip_serializing_if = "Option::is_none")]
    members: Option<Vec<ChannelMemberView>>,
}

/// Get a channel
///
/// Members can get every channel of theirs. Users with a user name can get every public channel. Members also see up to
/// 100 members of the channel, chosen from its first 1,000. `GET /v1/channels/{id}/members` lists all members.
#[utoipa::path(
    get,
    path = "/v1/channels/{id}",
    tag = "channels",
    operation_id = "get_channel",
    params(("id" = ChannelId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = ChannelWithMembers, headers(("ETag" = String))),
        (status = 401, body = ErrorBody),
        (status = 404, description = "The channel does not exist, or it is private or direct and the caller is not a member.", body = ErrorBody),
        (status = 409, description = "`USERNAME_REQUIRED`", body = ErrorBody),
    )
)]
pub(crate) async fn get_channel(
    State(app): State<App>,
    account: AccountCaller,
    PathId(id): PathId<ChannelId>,
) -> ApiResult<(EntityTag, Json<ChannelWithMembers>)> {
    let access = find_access(&app, id, account.user).await?;
    let tag = channel_tag(&access.channel);
    let channel = view::channel_view(&access.channel);
    let Some(membership) = access.membership else {
        return Ok((tag, Json(ChannelWithMembers { channel, my_role: None, members: None })));
    };
    let first = PageRequest::internal(MAX_READ_MEMBERS);
    let found = memberships::page_members(&app.store, id, &first, app.clock.now()).await?;
    let mut members: Vec<ChannelMemberView> = found.items.into_iter().map(ChannelMemberView::from).collect();
    members.sort_by_cached_key(|member| {
        (std::cmp::Reverse(member.role), member.name.to_lowercase(), member.user_id)
    });
    members.truncate(MAX_LISTED_MEMBERS);
    let body = ChannelWithMembers { channel, my_role: Some(membership.role), members: Some(members) };
    Ok((tag, Json(body)))
}
