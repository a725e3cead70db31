use axum::extract::State;
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, PathId},
};
use http::StatusCode;
use model::SlideId;
use store::presentations::slides;

/// Delete a slide
///
/// Deletes a slide. The slides after it move up. Responses to the slide stay in their sessions.
#[utoipa::path(
    delete,
    path = "/v1/slides/{id}",
    tag = "slides",
    operation_id = "delete_slide",
    params(("id" = SlideId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 204),
        (status = 401, body = ErrorBody),
        (status = 404, body = ErrorBody),
    )
)]
pub(crate) async fn delete_slide(
    State(app): State<App>,
    account: AccountCaller,
    PathId(id): PathId<SlideId>,
) -> ApiResult<StatusCode> {
    let now = app.clock.now();
    let found = slides::locate(&app.store, account.user, id, now).await?;
    slides::remove(&app.store, &found.presentation, id, now).await?;
    Ok(StatusCode::NO_CONTENT)
}
