use axum::{Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, PathId},
};
use model::{ChannelId, Error};
use protocol::event::chat::DraftUpdated;
use store::chat::chat_drafts;

use crate::membership_update::find_membership;

/// Get my draft of a channel
///
/// Returns the caller's draft. Returns 404 if the caller has no draft in this channel.
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
        (status = 404, description = "The caller has no draft in the channel, is not a member, or the channel does not exist.",
         body = ErrorBody),
    )
)]
pub(crate) async fn get_draft(
    State(app): State<App>,
    account: AccountCaller,
    PathId(channel): PathId<ChannelId>,
) -> ApiResult<Json<DraftUpdated>> {
    find_membership(&app, account.user, channel).await?;
    let draft = chat_drafts::get(&app.store, account.user, channel, app.clock.now()).await?;
    Ok(Json(super::draft_view(draft.ok_or(Error::NotFound("draft"))?)))
}
