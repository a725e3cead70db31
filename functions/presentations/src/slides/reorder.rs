use axum::{Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, PathId, ValidJson},
};
use garde::Validate;
use model::{PresentationId, SlideId, presentation::MAX_SLIDES};
use serde::{Deserialize, Serialize};
use store::presentations::slides;
use utoipa::ToSchema;

use crate::view::{PresentationSlideView, slide_views};

#[derive(Debug, Deserialize, Validate, ToSchema)]
pub(crate) struct ReorderSlidesRequest {
    /// Every slide of the presentation, once, in the order wanted.
    #[garde(length(min = 1, max = MAX_SLIDES))]
    slide_ids: Vec<SlideId>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReorderSlidesResponse {
    /// How many there are.
    reordered: usize,
    slides: Vec<PresentationSlideView>,
}

/// Put the slides in another order
#[utoipa::path(
    put,
    path = "/v1/presentations/{id}/slides/reorder",
    tag = "slides",
    operation_id = "reorder_slides",
    params(("id" = PresentationId, Path)),
    request_body = ReorderSlidesRequest,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = ReorderSlidesResponse),
        (status = 401, body = ErrorBody),
        (status = 404, body = ErrorBody),
        (status = 422, description = "Ids that are missing, unknown or there twice", body = ErrorBody),
    )
)]
pub(crate) async fn reorder_slides(
    State(app): State<App>,
    account: AccountCaller,
    PathId(id): PathId<PresentationId>,
    ValidJson(input): ValidJson<ReorderSlidesRequest>,
) -> ApiResult<Json<ReorderSlidesResponse>> {
    let (store, now) = (&app.store, app.clock.now());
    let presentation =
        slides::reorder(store, account.user, id, now, |order| order.reorder(&input.slide_ids, "slide_ids"))
            .await?;
    let slides = slide_views(slides::list(store, &presentation, now).await?);
    Ok(Json(ReorderSlidesResponse { reordered: slides.len(), slides }))
}
