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

/// List my drafts
///
/// Returns the caller's drafts of all channels that the caller is a member of, at most one for each channel. `next` is
/// always `null`.
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
    let (drafts, memberships) = futures::try_join!(
        chat_drafts::list(&app.store, account.user, now),
        memberships::list_memberships(&app.store, account.user, now)
    )?;
    // a draft of a channel that the user left is kept until they join it again
    let is_member =
        |draft: &ChatDraft| memberships.iter().any(|membership| membership.channel == draft.channel);
    let items = drafts.into_iter().filter(is_member).map(super::draft_view).collect();
    Ok(Json(Page { items, next: None }))
}
