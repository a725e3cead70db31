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
/// With its slides, notes and link, at once. Sessions that were held with it stay, with their responses: they are
/// history. May be repeated until it answers 404.
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
