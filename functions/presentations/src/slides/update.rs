use axum::{Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, EntityTag, ErrorBody, IfMatch, PathId, ValidJson},
};
use garde::Validate;
use model::{
    Error, SlideId,
    presentation::SlideOrder,
    slide::{SlideContent, SlideType},
};
use serde::Deserialize;
use serde_json::Value;
use store::{
    WriteOutcome,
    presentations::slides::{self, MovedSlide, Slide, SlideLocation},
    retry_conflict,
};
use utoipa::ToSchema;

use crate::view::{PresentationSlideView, SLIDE, slide_tag};

/// Changes of a slide. Missing fields stay unchanged.
#[derive(Debug, Deserialize, Validate, ToSchema)]
pub(crate) struct UpdateSlideRequest {
    /// A new type. Without `content`, the slide gets the default content of the new type.
    #[serde(rename = "type")]
    #[garde(skip)]
    kind: Option<SlideType>,
    /// Replaces the content. `{}` means the default content of the type.
    #[garde(skip)]
    #[schema(value_type = Option<Object>)]
    content: Option<Value>,
    /// The new position, from 0. The other slides close the gap.
    #[garde(skip)]
    order_index: Option<usize>,
}

/// Update a slide
///
/// Changes the type, the content or the position of a slide.
#[utoipa::path(
    put,
    path = "/v1/slides/{id}",
    tag = "slides",
    operation_id = "update_slide",
    params(("id" = SlideId, Path)),
    request_body = UpdateSlideRequest,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, description = "The slide after the change.", body = PresentationSlideView, headers(("ETag" = String))),
        (status = 401, body = ErrorBody),
        (status = 404, body = ErrorBody),
        (status = 412, description = "`PRECONDITION_FAILED`: the slide has changed since the client read it.", body = ErrorBody),
        (
            status = 422,
            description = "A field is invalid, for example an `order_index` after the last slide.",
            body = ErrorBody
        ),
    )
)]
pub(crate) async fn update_slide(
    State(app): State<App>,
    account: AccountCaller,
    PathId(id): PathId<SlideId>,
    if_match: IfMatch,
    ValidJson(input): ValidJson<UpdateSlideRequest>,
) -> ApiResult<(EntityTag, Json<PresentationSlideView>)> {
    let store = &app.store;
    let input = &input;
    let expected = &if_match.expected(SLIDE);
    let updated: Result<(EntityTag, PresentationSlideView), Error> = retry_conflict("the slide", || async {
        let now = app.clock.now();
        let SlideLocation { mut slide, index, presentation } =
            slides::locate(store, account.user, id, now).await?;
        expected.require(slide.version)?;
        let content = updated_content(&slide.content, input)?;
        let replaced = content.is_some();
        if let Some(content) = content {
            slide = Slide { content, updated_at: now, version: slide.version + 1, ..slide };
        }
        let written = match input.order_index.filter(|wanted| *wanted != index) {
            Some(wanted) => {
                let moved = if replaced {
                    MovedSlide::Replaced(&slide)
                } else if expected.is_any() {
                    MovedSlide::AnyVersion
                } else {
                    MovedSlide::Unchanged(&slide)
                };
                let reorder = |order: &mut SlideOrder| order.move_to(id, wanted, "order_index");
                slides::move_to(store, &presentation, moved, now, reorder).await?
            }
            None if replaced => slides::replace(store, &slide).await?,
            None => WriteOutcome::Applied(()),
        };
        let index = input.order_index.unwrap_or(index);
        Ok(written.map(|()| (slide_tag(&slide), PresentationSlideView::new(index, slide))))
    })
    .await;
    let (tag, slide) = updated?;
    Ok((tag, Json(slide)))
}

/// Returns the new content, or `None` if the content does not change.
fn updated_content(before: &SlideContent, input: &UpdateSlideRequest) -> Result<Option<SlideContent>, Error> {
    let kind = input.kind.unwrap_or(before.kind());
    match &input.content {
        Some(content) => SlideContent::parse(kind, content).map(Some).map_err(Error::Invalid),
        None if kind != before.kind() => Ok(Some(SlideContent::default_for(kind))),
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn content_follows_its_type() {
        let before = SlideContent::parse(SlideType::QuestionText, &json!({"question": "Why?"})).unwrap();
        let after = |input: Value| updated_content(&before, &serde_json::from_value(input).unwrap());
        assert_eq!(after(json!({})).unwrap(), None);
        assert_eq!(after(json!({"order_index": 3, "content": null, "type": null})).unwrap(), None);
        assert_eq!(after(json!({"type": "question_text"})).unwrap(), None, "the type is unchanged");
        let choice = SlideContent::default_for(SlideType::QuestionChoice);
        assert_eq!(after(json!({"type": "question_choice"})).unwrap(), Some(choice));
        let fresh = SlideContent::default_for(SlideType::QuestionText);
        assert_eq!(after(json!({"content": {}})).unwrap(), Some(fresh));
        assert!(after(json!({"type": "summary", "content": {"title": 1}})).is_err());
        assert!(after(json!({"content": {"question": ""}})).is_err());
    }
}
