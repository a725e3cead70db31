use axum::{Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, ListQuery, ValidQuery},
};
use protocol::event::chat::ChannelView;
use store::{Page, chat::channels};

use super::{DEFAULT_PAGE_SIZE, view};
use crate::team::require_teammate;

/// List public channels
///
/// Returns public channels that are not archived, sorted by name. A page contains 50 channels by default.
#[utoipa::path(
    get,
    path = "/v1/channels",
    tag = "channels",
    operation_id = "list_channels",
    params(ListQuery),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = Page<ChannelView>),
        (status = 401, body = ErrorBody),
        (status = 409, description = "`USERNAME_REQUIRED`", body = ErrorBody),
        (status = 422, body = ErrorBody),
    )
)]
pub(crate) async fn list_channels(
    State(app): State<App>,
    account: AccountCaller,
    ValidQuery(query): ValidQuery<ListQuery>,
) -> ApiResult<Json<Page<ChannelView>>> {
    require_teammate(&app, account.user).await?;
    let limit = query.limit.unwrap_or(DEFAULT_PAGE_SIZE);
    let request = query.page(account.user, "list_channels").with_limit(limit);
    let page = channels::page_public(&app.store, &request, app.clock.now()).await?;
    Ok(Json(page.map(|channel| view::channel_view(&channel))))
}
