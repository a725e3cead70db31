use axum::{
    Json,
    extract::{Path, State},
};
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, PathId, ValidJson},
};
use http::StatusCode;
use model::{Error, PresentationId};
use serde::Deserialize;
use store::presentations::slides;

use super::create::CreateSlideRequest;
use crate::view::PresentationSlideView;

/// Read as text, so that what is no number is named as a field.
#[derive(Debug, Deserialize)]
pub(crate) struct InsertSlidePath {
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
    request_body = CreateSlideRequest,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 201, body = PresentationSlideView),
        (status = 401, body = ErrorBody),
        (status = 404, body = ErrorBody),
        (status = 409, description = "`LIMIT_REACHED`: a presentation has 200 slides at most", body = ErrorBody),
        (status = 422, description = "Among others, a position past the end", body = ErrorBody),
    )
)]
pub(crate) async fn insert_slide(
    State(app): State<App>,
    account: AccountCaller,
    PathId(id): PathId<PresentationId>,
    Path(place): Path<InsertSlidePath>,
    ValidJson(input): ValidJson<CreateSlideRequest>,
) -> ApiResult<(StatusCode, Json<PresentationSlideView>)> {
    let position: usize =
        place.position.parse().map_err(|_| Error::field("position", "must be a whole number from 0"))?;
    let slide = input.to_slide(&app, id)?;
    let index = slides::insert(&app.store, account.user, &slide, |order| {
        order.insert(position, slide.id, "position")
    })
    .await?;
    Ok((StatusCode::CREATED, Json(PresentationSlideView::new(index, slide))))
}
