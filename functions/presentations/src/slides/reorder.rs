use axum::{Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, EntityTag, ErrorBody, IfMatch, PathId, ValidJson},
};
use garde::Validate;
use model::{PresentationId, SlideId, presentation::MAX_SLIDES};
use serde::{Deserialize, Serialize};
use store::presentations::slides;
use utoipa::ToSchema;

use crate::view::{PRESENTATION, PresentationSlideView, presentation_tag, slide_views};

/// The new order of the slides.
#[derive(Debug, Deserialize, Validate, ToSchema)]
pub(crate) struct ReorderSlidesRequest {
    /// The id of every slide of the presentation, once, in the new order.
    #[garde(length(min = 1, max = MAX_SLIDES))]
    slide_ids: Vec<SlideId>,
}

/// The slides in their new order.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReorderSlidesResponse {
    /// The number of slides.
    reordered: usize,
    /// The slides in their new order.
    slides: Vec<PresentationSlideView>,
}

/// Reorder the slides
///
/// Sets the order of all slides of a presentation. The request must contain every slide. `ETag` and `If-Match` are
/// those of the presentation.
#[utoipa::path(
    put,
    path = "/v1/presentations/{id}/slides/reorder",
    tag = "slides",
    operation_id = "reorder_slides",
    params(("id" = PresentationId, Path)),
    request_body = ReorderSlidesRequest,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, description = "The slides in their new order.", body = ReorderSlidesResponse, headers(("ETag" = String))),
        (status = 401, body = ErrorBody),
        (status = 404, body = ErrorBody),
        (status = 412, description = "`PRECONDITION_FAILED`: the presentation has changed since the client read it.", body = ErrorBody),
        (status = 422, description = "An id is missing, unknown or duplicate.", body = ErrorBody),
    )
)]
pub(crate) async fn reorder_slides(
    State(app): State<App>,
    account: AccountCaller,
    PathId(id): PathId<PresentationId>,
    if_match: IfMatch,
    ValidJson(input): ValidJson<ReorderSlidesRequest>,
) -> ApiResult<(EntityTag, Json<ReorderSlidesResponse>)> {
    let store = &app.store;
    let now = app.clock.now();
    let expected = if_match.expected(PRESENTATION);
    let presentation = slides::reorder(store, account.user, id, &expected, now, |order| {
        order.reorder(&input.slide_ids, "slide_ids")
    })
    .await?;
    let slides = slide_views(slides::list(store, &presentation, now).await?);
    let body = ReorderSlidesResponse { reordered: slides.len(), slides };
    Ok((presentation_tag(&presentation), Json(body)))
}
