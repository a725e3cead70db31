use axum::{Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, ListQuery, PathId, ValidQuery},
};
use model::ChannelId;
use store::{Page, chat::memberships};

use super::{DEFAULT_PAGE_SIZE, access::find_access, view::ChannelMemberView};

/// List the members of a channel
///
/// The order of the members has no meaning. A page contains 50 members by default. Only members of the channel can list
/// them.
#[utoipa::path(
    get,
    path = "/v1/channels/{id}/members",
    tag = "channels",
    operation_id = "list_channel_members",
    params(("id" = ChannelId, Path), ListQuery),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = Page<ChannelMemberView>),
        (status = 401, body = ErrorBody),
        (status = 404, description = "The channel does not exist, or the caller is not a member.", body = ErrorBody),
        (status = 422, body = ErrorBody),
    )
)]
pub(crate) async fn list_channel_members(
    State(app): State<App>,
    account: AccountCaller,
    PathId(id): PathId<ChannelId>,
    ValidQuery(query): ValidQuery<ListQuery>,
) -> ApiResult<Json<Page<ChannelMemberView>>> {
    let access = find_access(&app, id, account.user).await?;
    access.require_membership()?;
    let limit = query.limit.unwrap_or(DEFAULT_PAGE_SIZE);
    let request = query.page(account.user, "list_channel_members").with_limit(limit);
    let page = memberships::page_members(&app.store, id, &request, app.clock.now()).await?;
    Ok(Json(page.map(ChannelMemberView::from)))
}
