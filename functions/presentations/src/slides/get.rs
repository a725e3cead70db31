use axum::{Json, extract::State};
use entry::{
    App,
    http::{Account, Answer, ErrorBody, Id},
};
use model::SlideId;
use store::slides;

use crate::view::SlideView;

/// One slide
#[utoipa::path(
    get,
    path = "/v1/slides/{id}",
    tag = "slides",
    operation_id = "get_slide",
    params(("id" = SlideId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = SlideView),
        (status = 401, body = ErrorBody),
        (status = 404, body = ErrorBody),
    )
)]
pub(crate) async fn get(
    State(app): State<App>,
    account: Account,
    Id(id): Id<SlideId>,
) -> Answer<Json<SlideView>> {
    let found = slides::locate(&app.store, account.user, id, app.clock.now()).await?;
    Ok(Json(SlideView::at(found.index, found.slide)))
}
