use axum::{Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, EntityTag, ErrorBody, PathId},
};
use model::SlideId;
use store::presentations::slides;

use crate::view::{PresentationSlideView, slide_tag};

/// Get a slide
///
/// Returns a slide of one of the caller's presentations.
#[utoipa::path(
    get,
    path = "/v1/slides/{id}",
    tag = "slides",
    operation_id = "get_slide",
    params(("id" = SlideId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = PresentationSlideView, headers(("ETag" = String))),
        (status = 401, body = ErrorBody),
        (status = 404, body = ErrorBody),
    )
)]
pub(crate) async fn get_slide(
    State(app): State<App>,
    account: AccountCaller,
    PathId(id): PathId<SlideId>,
) -> ApiResult<(EntityTag, Json<PresentationSlideView>)> {
    let found = slides::locate(&app.store, account.user, id, app.clock.now()).await?;
    let tag = slide_tag(&found.slide);
    Ok((tag, Json(PresentationSlideView::new(found.index, found.slide))))
}
