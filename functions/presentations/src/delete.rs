use axum::extract::State;
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, IfMatch, PathId},
};
use http::StatusCode;
use model::PresentationId;
use store::presentations;

use crate::view::PRESENTATION;

/// Delete a presentation
///
/// Deletes a presentation with its slides, notes and public link. Past sessions are kept with their responses. If the
/// request fails, repeat it until it returns 404.
#[utoipa::path(
    delete,
    path = "/v1/presentations/{id}",
    tag = "presentations",
    operation_id = "delete_presentation",
    params(("id" = PresentationId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 204),
        (status = 401, body = ErrorBody),
        (status = 404, body = ErrorBody),
        (status = 412, description = "`PRECONDITION_FAILED`: the presentation has changed since the client read it.", body = ErrorBody),
    )
)]
pub(crate) async fn delete_presentation(
    State(app): State<App>,
    account: AccountCaller,
    PathId(id): PathId<PresentationId>,
    if_match: IfMatch,
) -> ApiResult<StatusCode> {
    let expected = if_match.expected(PRESENTATION);
    presentations::delete(&app.store, account.user, id, &expected, app.clock.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}
