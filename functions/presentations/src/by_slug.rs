use axum::{
    Json,
    extract::{Path, State},
};
use entry::{
    App,
    http::{ApiResult, ErrorBody},
};
use model::{Error, presentation::Slug};
use store::presentations;

use crate::view::PublicPresentation;

/// Get a presentation by its public link
///
/// Returns the public fields of a presentation, without its slides, notes and owner. The operation is public.
#[utoipa::path(
    get,
    path = "/v1/presentations/slug/{slug}",
    tag = "presentations",
    operation_id = "get_presentation_by_slug",
    params(("slug" = Slug, Path)),
    responses(
        (status = 200, body = PublicPresentation),
        (status = 404, body = ErrorBody),
    )
)]
pub(crate) async fn get_presentation_by_slug(
    State(app): State<App>,
    Path(slug): Path<String>,
) -> ApiResult<Json<PublicPresentation>> {
    const NONE: Error = Error::NotFound("presentation");
    let slug = Slug::parse(&slug).ok_or(NONE)?;
    let found = presentations::by_slug(&app.store, &slug, app.clock.now()).await?;
    Ok(Json(found.ok_or(NONE)?.into()))
}
