use axum::{Json, extract::State};
use entry::{
    App,
    http::{Account, Answer, ErrorBody, Id, Valid},
};
use garde::Validate;
use http::StatusCode;
use model::{
    Error, PresentationId,
    slide::{Content, SlideType},
};
use serde::Deserialize;
use serde_json::Value;
use store::slides::{self, Slide};
use utoipa::ToSchema;

use crate::view::SlideView;

#[derive(Debug, Deserialize, Validate, ToSchema)]
pub(crate) struct NewSlide {
    #[serde(rename = "type")]
    #[garde(skip)]
    kind: SlideType,
    /// As the `content` of a slide of this type; the type's default where it is left out or `{}`.
    #[garde(skip)]
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    content: Value,
    /// From 0: slides from there on move back. At the end where it is left out.
    #[garde(skip)]
    order_index: Option<usize>,
}

impl NewSlide {
    pub(super) fn slide(&self, app: &App, presentation: PresentationId) -> Result<Slide, Error> {
        let content = Content::parse(self.kind, &self.content).map_err(Error::Invalid)?;
        let now = app.clock.now();
        Ok(Slide { id: app.clock.id(), presentation, content, created_at: now, updated_at: now })
    }
}

/// A new slide
///
/// At the end, or where `order_index` says. Any number may be appended at once.
#[utoipa::path(
    post,
    path = "/v1/presentations/{id}/slides",
    tag = "slides",
    operation_id = "create_slide",
    params(("id" = PresentationId, Path)),
    request_body = NewSlide,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 201, body = SlideView),
        (status = 401, body = ErrorBody),
        (status = 404, body = ErrorBody),
        (status = 409, description = "`LIMIT_REACHED`: a presentation has 200 slides at most", body = ErrorBody),
        (status = 422, description = "Among others, an `order_index` past the end", body = ErrorBody),
    )
)]
pub(crate) async fn create(
    State(app): State<App>,
    account: Account,
    Id(id): Id<PresentationId>,
    Valid(input): Valid<NewSlide>,
) -> Answer<(StatusCode, Json<SlideView>)> {
    let slide = input.slide(&app, id)?;
    let index = match input.order_index {
        None => slides::append(&app.store, account.user, &slide).await?,
        Some(index) => {
            slides::insert(&app.store, account.user, &slide, |_| Some(index), "order_index").await?
        }
    };
    Ok((StatusCode::CREATED, Json(SlideView::at(index, slide))))
}
