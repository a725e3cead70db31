use axum::{
    Json,
    extract::{Path, State},
};
use entry::{
    App,
    http::{Account, Answer, ErrorBody, Id, Valid},
};
use http::StatusCode;
use model::{Error, PresentationId};
use serde::Deserialize;
use store::slides;

use super::create::NewSlide;
use crate::view::SlideView;

/// Read as text, so that what is no number is named as a field.
#[derive(Debug, Deserialize)]
pub(crate) struct Place {
    position: String,
}

/// A new slide at a position
///
/// From 0; slides from there on move back. An `order_index` in the body counts for nothing.
#[utoipa::path(
    post,
    path = "/v1/presentations/{id}/slides/insert/{position}",
    tag = "slides",
    operation_id = "insert_slide",
    params(("id" = PresentationId, Path), ("position" = usize, Path)),
    request_body = NewSlide,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 201, body = SlideView),
        (status = 401, body = ErrorBody),
        (status = 404, body = ErrorBody),
        (status = 409, description = "`LIMIT_REACHED`: a presentation has 200 slides at most", body = ErrorBody),
        (status = 422, description = "Among others, a position past the end", body = ErrorBody),
    )
)]
pub(crate) async fn insert(
    State(app): State<App>,
    account: Account,
    Id(id): Id<PresentationId>,
    Path(place): Path<Place>,
    Valid(input): Valid<NewSlide>,
) -> Answer<(StatusCode, Json<SlideView>)> {
    let position: usize =
        place.position.parse().map_err(|_| Error::field("position", "must be a whole number from 0"))?;
    let slide = input.slide(&app, id)?;
    let index = slides::insert(&app.store, account.user, &slide, |_| Some(position), "position").await?;
    Ok((StatusCode::CREATED, Json(SlideView::at(index, slide))))
}
