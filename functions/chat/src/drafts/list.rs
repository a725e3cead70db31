use axum::{Json, extract::State};
use entry::{
    App,
    http::{Account, Answer, ErrorBody},
};
use protocol::event::chat::DraftUpdated;
use store::{Page, drafts};

/// All of one's drafts, by channel
///
/// On one page: there is one a channel.
#[utoipa::path(
    get,
    path = "/v1/channels/drafts",
    tag = "channels",
    operation_id = "list_drafts",
    security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = Page<DraftUpdated>), (status = 401, body = ErrorBody))
)]
pub(crate) async fn list(State(app): State<App>, account: Account) -> Answer<Json<Page<DraftUpdated>>> {
    let drafts = drafts::all(&app.store, account.user, app.clock.now()).await?;
    Ok(Json(Page { items: drafts.into_iter().map(super::view).collect(), next: None }))
}
