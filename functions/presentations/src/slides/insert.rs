use axum::{
    Json,
    extract::{Path, State},
};
use entry::{
    App,
    http::{AccountCaller, ApiResult, EntityTag, ErrorBody, PathId, ValidJson},
};
use http::StatusCode;
use model::{Error, PresentationId};
use serde::Deserialize;
use store::presentations::slides;

use super::create::CreateSlideRequest;
use crate::view::{PresentationSlideView, slide_tag};

/// The position as text, so that an invalid number is a 422 that names the field.
#[derive(Debug, Deserialize)]
pub(crate) struct InsertSlidePath {
    position: String,
}

/// Insert a slide
///
/// Adds a slide at a position. Slides from this position on move back. An `order_index` in the body is ignored.
#[utoipa::path(
    post,
    path = "/v1/presentations/{id}/slides/insert/{position}",
    tag = "slides",
    operation_id = "insert_slide",
    params(("id" = PresentationId, Path), ("position" = usize, Path, description = "The position, from 0.")),
    request_body = CreateSlideRequest,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 201, description = "The new slide.", body = PresentationSlideView, headers(("ETag" = String))),
        (status = 401, body = ErrorBody),
        (status = 404, body = ErrorBody),
        (
            status = 409,
            description = "`LIMIT_REACHED`: a presentation has at most 200 slides.",
            body = ErrorBody
        ),
        (
            status = 422,
            description = "A field is invalid, for example a position after the last slide.",
            body = ErrorBody
        ),
    )
)]
pub(crate) async fn insert_slide(
    State(app): State<App>,
    account: AccountCaller,
    PathId(id): PathId<PresentationId>,
    Path(path): Path<InsertSlidePath>,
    ValidJson(input): ValidJson<CreateSlideRequest>,
) -> ApiResult<(StatusCode, EntityTag, Json<PresentationSlideView>)> {
    let position: usize =
        path.position.parse().map_err(|_| Error::field("position", "must be a whole number from 0"))?;
    let slide = input.to_slide(&app, id)?;
    let index = slides::insert(&app.store, account.user, &slide, |order| {
        order.insert(position, slide.id, "position")
    })
    .await?;
    Ok((StatusCode::CREATED, slide_tag(&slide), Json(PresentationSlideView::new(index, slide))))
}
