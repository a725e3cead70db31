use axum::{Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, PathId},
};
use model::{ChannelId, channel::MemberRole};
use protocol::event::chat::ChannelView;
use serde::Serialize;
use store::chat::memberships;
use utoipa::ToSchema;

use super::{
    seat,
    view::{self, ChannelMemberView},
};

/// Members that come along.
const MAX_LISTED_MEMBERS: usize = 100;
/// Members of whom those are chosen: 25 read units at most.
const MAX_READ_MEMBERS: usize = 1_000;

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChannelWithMembers {
    #[serde(flatten)]
    channel: ChannelView,
    /// `null` for whoever is not in it.
    my_role: Option<MemberRole>,
    /// Up to 100, owners first, then by name; for members only.
    #[serde(skip_serializing_if = "Option::is_none")]
    members: Option<Vec<ChannelMemberView>>,
}

/// A channel: a public one for everyone of the team, any for its members
///
/// Members see each other too: a hundred of them, in a channel of more than a thousand of the first thousand;
/// `/v1/channels/{id}/members` has all.
#[utoipa::path(
    get,
    path = "/v1/channels/{id}",
    tag = "channels",
    operation_id = "get_channel",
    params(("id" = ChannelId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = ChannelWithMembers),
        (status = 401, body = ErrorBody),
        (status = 404, description = "also a private or direct one that one is not in", body = ErrorBody),
        (status = 409, description = "`USERNAME_REQUIRED`", body = ErrorBody),
    )
)]
pub(crate) async fn get_channel(
    State(app): State<App>,
    account: AccountCaller,
    PathId(id): PathId<ChannelId>,
) -> ApiResult<Json<ChannelWithMembers>> {
    let seat = seat::find_access(&app, id, account.user).await?;
    let channel = view::channel_view(&seat.channel);
    let Some(place) = seat.membership else {
        return Ok(Json(ChannelWithMembers { channel, my_role: None, members: None }));
    };
    let found = memberships::page_members(&app.store, id, MAX_READ_MEMBERS, None, app.clock.now()).await?;
    let mut members: Vec<ChannelMemberView> = found.items.into_iter().map(ChannelMemberView::from).collect();
    members.sort_by_cached_key(|member| {
        (std::cmp::Reverse(member.role), member.name.to_lowercase(), member.user_id)
    });
    members.truncate(MAX_LISTED_MEMBERS);
    Ok(Json(ChannelWithMembers { channel, my_role: Some(place.role), members: Some(members) }))
}
