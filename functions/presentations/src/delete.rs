use axum::extract::State;
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, PathId},
};
use http::StatusCode;
use model::PresentationId;
use store::presentations;

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
    )
)]
pub(crate) async fn delete_presentation(
    State(app): State<App>,
    account: AccountCaller,
    PathId(id): PathId<PresentationId>,
) -> ApiResult<StatusCode> {
    presentations::delete(&app.store, account.user, id, app.clock.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}
