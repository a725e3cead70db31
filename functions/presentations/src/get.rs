use axum::{Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, EntityTag, ErrorBody, PathId},
};
use model::{Error, PresentationId};
use store::presentations;

use crate::view::{PresentationWithSlides, presentation_tag};

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
        (status = 200, body = PresentationWithSlides, headers(("ETag" = String))),
        (status = 401, body = ErrorBody),
        (status = 404, body = ErrorBody),
    )
)]
pub(crate) async fn get_presentation(
    State(app): State<App>,
    account: AccountCaller,
    PathId(id): PathId<PresentationId>,
) -> ApiResult<(EntityTag, Json<PresentationWithSlides>)> {
    let whole = presentations::get_content(&app.store, id, app.clock.now()).await?;
    let whole = whole.filter(|whole| whole.presentation.owner == account.user);
    let whole = whole.ok_or(Error::NotFound("presentation"))?;
    Ok((presentation_tag(&whole.presentation), Json(whole.into())))
}
