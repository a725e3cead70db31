//! The open invitations.

use axum::{Json, extract::State};
use entry::{
    App,
    http::{ApiResult, ErrorBody, ListQuery, ModeratorCaller, ValidQuery},
};
use store::{Page, identity::invitations};

use super::InvitationView;

/// List open invitations
///
/// Returns the invitations of all inviters that were neither used nor withdrawn and have not expired, newest first. For moderators.
#[utoipa::path(
    get,
    path = "/v1/invitations",
    tag = "identity",
    operation_id = "list_invitations",
    params(ListQuery),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = Page<InvitationView>),
        (status = 401, body = ErrorBody),
        (status = 403, description = "The caller is not a moderator.", body = ErrorBody),
        (status = 422, description = "`limit` or `cursor` is invalid.", body = ErrorBody),
    )
)]
pub(crate) async fn list_invitations(
    State(app): State<App>,
    ModeratorCaller(staff): ModeratorCaller,
    ValidQuery(query): ValidQuery<ListQuery>,
) -> ApiResult<Json<Page<InvitationView>>> {
    let request = query.page(staff.account.user, "list_invitations");
    let page = invitations::page(&app.store, &request, app.clock.now()).await?;
    Ok(Json(page.map(InvitationView::from)))
}
