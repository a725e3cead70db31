use axum::{Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, PathId},
};
use model::{ChannelId, Error};
use protocol::event::chat::DraftUpdated;
use store::chat::chat_drafts;

use crate::place;

/// One's draft of a channel
///
/// 404 where there is none.
#[utoipa::path(
    get,
    path = "/v1/channels/{id}/draft",
    tag = "channels",
    operation_id = "get_draft",
    params(("id" = ChannelId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = DraftUpdated),
        (status = 401, body = ErrorBody),
        (status = 404, body = ErrorBody),
    )
)]
pub(crate) async fn get_draft(
    State(app): State<App>,
    account: AccountCaller,
    PathId(channel): PathId<ChannelId>,
) -> ApiResult<Json<DraftUpdated>> {
    place::find_membership(&app, account.user, channel).await?;
    let draft = chat_drafts::get(&app.store, account.user, channel, app.clock.now()).await?;
    Ok(Json(super::draft_view(draft.ok_or(Error::NotFound("draft"))?)))
}
