use axum::{Json, extract::State};
use entry::{
    App,
    http::{Account, Answer, ErrorBody, Id},
};
use model::{Error, PresentationId};
use store::presentations;

use crate::view::WithSlides;

/// One of one's presentations, with notes and slides
///
/// One query, as dear as the presentation is large, however many its owner has.
#[utoipa::path(
    get,
    path = "/v1/presentations/{id}",
    tag = "presentations",
    operation_id = "get_presentation",
    params(("id" = PresentationId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = WithSlides),
        (status = 401, body = ErrorBody),
        (status = 404, body = ErrorBody),
    )
)]
pub(crate) async fn get(
    State(app): State<App>,
    account: Account,
    Id(id): Id<PresentationId>,
) -> Answer<Json<WithSlides>> {
    let whole = presentations::whole(&app.store, id, app.clock.now()).await?;
    let whole = whole.filter(|whole| whole.presentation.owner == account.user);
    Ok(Json(whole.ok_or(Error::NotFound("presentation"))?.into()))
}
