use axum::{Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, PathId},
};
use model::{Error, PresentationId};
use store::presentations;

use crate::view::PresentationWithSlides;

/// Get a presentation
///
/// Returns a presentation of the caller with its notes and slides.
#[utoipa::path(
    get,
    path = "/v1/presentations/{id}",
    tag = "presentations",
    operation_id = "get_presentation",
    params(("id" = PresentationId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = PresentationWithSlides),
        (status = 401, body = ErrorBody),
        (status = 404, body = ErrorBody),
    )
)]
pub(crate) async fn get_presentation(
    State(app): State<App>,
    account: AccountCaller,
    PathId(id): PathId<PresentationId>,
) -> ApiResult<Json<PresentationWithSlides>> {
    let whole = presentations::get_content(&app.store, id, app.clock.now()).await?;
    let whole = whole.filter(|whole| whole.presentation.owner == account.user);
    Ok(Json(whole.ok_or(Error::NotFound("presentation"))?.into()))
}
