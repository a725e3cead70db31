use axum::{Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, ListQuery, PathId, ValidQuery},
};
use model::ChannelId;
use store::{Page, chat::memberships};

use super::{DEFAULT_PAGE_SIZE, seat, view::ChannelMemberView};

/// Who is in a channel that one is in oneself
///
/// In no order that means anything. A page has 50 where nothing is said.
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
        (status = 404, description = "also a public one that one is not in", body = ErrorBody),
        (status = 422, body = ErrorBody),
    )
)]
pub(crate) async fn list_channel_members(
    State(app): State<App>,
    account: AccountCaller,
    PathId(id): PathId<ChannelId>,
    ValidQuery(query): ValidQuery<ListQuery>,
) -> ApiResult<Json<Page<ChannelMemberView>>> {
    let seat = seat::find_access(&app, id, account.user).await?;
    seat.require_membership()?;
    let (limit, cursor) = (query.limit.unwrap_or(DEFAULT_PAGE_SIZE), query.cursor.as_deref());
    let page = memberships::page_members(&app.store, id, limit, cursor, app.clock.now()).await?;
    Ok(Json(page.map(ChannelMemberView::from)))
}
