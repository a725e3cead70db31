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

/// The presentation that a link leads to
///
/// Public; without notes, slides, or whose it is.
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
