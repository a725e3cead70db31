use axum::{Json, extract::State};
use entry::{
    App,
    http::{Account, Answer, ErrorBody, Id},
};
use model::PresentationId;
use serde::Serialize;
use store::{presentations, slides};
use utoipa::ToSchema;

use crate::view::{SlideView, in_order};

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SlideList)]
pub(crate) struct Listing {
    /// All of them, in their order.
    items: Vec<SlideView>,
    total: usize,
    /// Always `null`: there is no second page.
    next: Option<String>,
}

/// The slides of a presentation, in their order
#[utoipa::path(
    get,
    path = "/v1/presentations/{id}/slides",
    tag = "slides",
    operation_id = "list_slides",
    params(("id" = PresentationId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = Listing),
        (status = 401, body = ErrorBody),
        (status = 404, body = ErrorBody),
    )
)]
pub(crate) async fn list(
    State(app): State<App>,
    account: Account,
    Id(id): Id<PresentationId>,
) -> Answer<Json<Listing>> {
    let now = app.clock.now();
    let presentation = presentations::owned(&app.store, account.user, id, now).await?;
    let items = in_order(slides::list(&app.store, &presentation, now).await?);
    Ok(Json(Listing { total: items.len(), items, next: None }))
}
