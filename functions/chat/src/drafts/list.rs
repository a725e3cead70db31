use axum::{Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody},
};
use protocol::event::chat::DraftUpdated;
use store::{
    Page,
    chat::{
        chat_drafts::{self, ChatDraft},
        memberships,
    },
};

/// All of one's drafts, by channel
///
/// On one page: there is one a channel, of those that one is in.
#[utoipa::path(
    get,
    path = "/v1/channels/drafts",
    tag = "channels",
    operation_id = "list_drafts",
    security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = Page<DraftUpdated>), (status = 401, body = ErrorBody))
)]
pub(crate) async fn list_drafts(
    State(app): State<App>,
    account: AccountCaller,
) -> ApiResult<Json<Page<DraftUpdated>>> {
    let now = app.clock.now();
    let (drafts, places) = futures::try_join!(
        chat_drafts::list(&app.store, account.user, now),
        memberships::list_memberships(&app.store, account.user, now)
    )?;
    // what was begun in a channel that one has left waits there
    let is_in = |draft: &ChatDraft| places.iter().any(|place| place.channel == draft.channel);
    let items = drafts.into_iter().filter(is_in).map(super::draft_view).collect();
    Ok(Json(Page { items, next: None }))
}
