use axum::{Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, EntityTag, ErrorBody, PathId, ValidJson},
};
use garde::Validate;
use http::StatusCode;
use model::{
    Error, PresentationId,
    presentation::SlideOrder,
    slide::{SlideContent, SlideType},
};
use serde::Deserialize;
use serde_json::Value;
use store::presentations::slides::{self, Slide};
use utoipa::ToSchema;

use crate::view::{PresentationSlideView, slide_tag};

/// A new slide.
#[derive(Debug, Deserialize, Validate, ToSchema)]
pub(crate) struct CreateSlideRequest {
    #[serde(rename = "type")]
    #[garde(skip)]
    kind: SlideType,
    /// The content. Its fields depend on the type. Without it, or for `{}`, the slide gets the default content of its
    /// type.
    #[garde(skip)]
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    content: Value,
    /// The position, from 0. Slides from this position on move back. Without it, the slide becomes the last one.
    #[garde(skip)]
    order_index: Option<usize>,
}

impl CreateSlideRequest {
    pub(super) fn to_slide(&self, app: &App, presentation: PresentationId) -> Result<Slide, Error> {
        let content = SlideContent::parse(self.kind, &self.content).map_err(Error::Invalid)?;
        let now = app.clock.now();
        Ok(Slide {
            id: app.clock.new_id(),
            presentation,
            content,
            created_at: now,
            updated_at: now,
            version: 1,
        })
    }
}

/// Create a slide
///
/// Adds a slide at the end of a presentation, or at `order_index`. Concurrent requests may add slides to the same
/// presentation.
#[utoipa::path(
    post,
    path = "/v1/presentations/{id}/slides",
    tag = "slides",
    operation_id = "create_slide",
    params(("id" = PresentationId, Path)),
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
            description = "A field is invalid, for example an `order_index` after the last slide.",
            body = ErrorBody
        ),
    )
)]
pub(crate) async fn create_slide(
    State(app): State<App>,
    account: AccountCaller,
    PathId(id): PathId<PresentationId>,
    ValidJson(input): ValidJson<CreateSlideRequest>,
) -> ApiResult<(StatusCode, EntityTag, Json<PresentationSlideView>)> {
    let slide = input.to_slide(&app, id)?;
    let index = match input.order_index {
        None => slides::append(&app.store, account.user, &slide).await?.ok_or_else(SlideOrder::full_error)?,
        Some(index) => {
            let put_at = |order: &mut SlideOrder| order.insert(index, slide.id, "order_index");
            slides::insert(&app.store, account.user, &slide, put_at).await?
        }
    };
    Ok((StatusCode::CREATED, slide_tag(&slide), Json(PresentationSlideView::new(index, slide))))
}
