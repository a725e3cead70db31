use axum::{Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, EntityTag, ErrorBody, PathId},
};
use http::StatusCode;
use model::{Error, SlideId, presentation::SlideOrder};
use store::presentations::slides::{self, Slide};

use crate::view::{PresentationSlideView, slide_tag};

/// Duplicate a slide
///
/// Inserts a copy of a slide directly after it.
#[utoipa::path(
    post,
    path = "/v1/slides/{id}/duplicate",
    tag = "slides",
    operation_id = "duplicate_slide",
    params(("id" = SlideId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 201, description = "The copy.", body = PresentationSlideView, headers(("ETag" = String))),
        (status = 401, body = ErrorBody),
        (status = 404, body = ErrorBody),
        (
            status = 409,
            description = "`LIMIT_REACHED`: a presentation has at most 200 slides.",
            body = ErrorBody
        ),
    )
)]
pub(crate) async fn duplicate_slide(
    State(app): State<App>,
    account: AccountCaller,
    PathId(id): PathId<SlideId>,
) -> ApiResult<(StatusCode, EntityTag, Json<PresentationSlideView>)> {
    let now = app.clock.now();
    let original = slides::locate(&app.store, account.user, id, now).await?.slide;
    let copy = Slide { id: app.clock.new_id(), created_at: now, updated_at: now, version: 1, ..original };
    let put_behind = |order: &mut SlideOrder| {
        let original = order.index_of(id).ok_or(Error::NotFound("slide"))?;
        order.insert(original + 1, copy.id, "order_index")
    };
    let index = slides::insert(&app.store, account.user, &copy, put_behind).await?;
    Ok((StatusCode::CREATED, slide_tag(&copy), Json(PresentationSlideView::new(index, copy))))
}
