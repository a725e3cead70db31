use axum::{Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, PathId},
};
use model::PresentationId;
use serde::Serialize;
use store::presentations::{self, slides};
use utoipa::ToSchema;

use crate::view::{PresentationSlideView, slide_views};

/// All slides of a presentation.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SlideList {
    /// The slides in their order.
    items: Vec<PresentationSlideView>,
    total: usize,
    /// Always `null`, because one page contains all slides.
    next: Option<String>,
}

/// List the slides of a presentation
///
/// Returns all slides in their order, on one page.
#[utoipa::path(
    get,
    path = "/v1/presentations/{id}/slides",
    tag = "slides",
    operation_id = "list_slides",
    params(("id" = PresentationId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = SlideList),
        (status = 401, body = ErrorBody),
        (status = 404, body = ErrorBody),
    )
)]
pub(crate) async fn list_slides(
    State(app): State<App>,
    account: AccountCaller,
    PathId(id): PathId<PresentationId>,
) -> ApiResult<Json<SlideList>> {
    let now = app.clock.now();
    let presentation = presentations::get_owned(&app.store, account.user, id, now).await?;
    let items = slide_views(slides::list(&app.store, &presentation, now).await?);
    Ok(Json(SlideList { total: items.len(), items, next: None }))
}
