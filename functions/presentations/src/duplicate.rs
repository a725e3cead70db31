use std::collections::HashMap;

use axum::{Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, EntityTag, ErrorBody, PathId, ValidJson},
};
use garde::Validate;
use http::StatusCode;
use model::{Error, PresentationId, SlideId, presentation::SlideOrder, text};
use serde::Deserialize;
use store::presentations::{self, Presentation, PresentationContent, slides::Slide};
use utoipa::ToSchema;

use crate::{
    fields,
    view::{PresentationWithSlides, presentation_tag},
};

/// The title of the copy.
#[derive(Debug, Deserialize, Validate, ToSchema)]
pub(crate) struct DuplicatePresentationRequest {
    /// The title. The default is `Copy of …`.
    #[garde(inner(length(chars, max = 200), custom(fields::not_blank), custom(text::line)))]
    #[schema(min_length = 1, max_length = 200)]
    new_title: Option<String>,
}

/// Duplicate a presentation
///
/// Creates a draft with copies of the slides and the notes. The slides get new ids, and the draft gets its own public
/// link.
#[utoipa::path(
    post,
    path = "/v1/presentations/{id}/duplicate",
    tag = "presentations",
    operation_id = "duplicate_presentation",
    params(("id" = PresentationId, Path)),
    request_body = Option<DuplicatePresentationRequest>,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 201, description = "The copy.", body = PresentationWithSlides, headers(("ETag" = String))),
        (status = 401, body = ErrorBody),
        (status = 404, body = ErrorBody),
        (status = 422, body = ErrorBody),
    )
)]
pub(crate) async fn duplicate_presentation(
    State(app): State<App>,
    account: AccountCaller,
    PathId(id): PathId<PresentationId>,
    ValidJson(input): ValidJson<DuplicatePresentationRequest>,
) -> ApiResult<(StatusCode, EntityTag, Json<PresentationWithSlides>)> {
    let now = app.clock.now();
    let whole = presentations::get_content(&app.store, id, now).await?;
    let whole = whole.filter(|whole| whole.presentation.owner == account.user);
    let PresentationContent { presentation: original, notes, mut slides } =
        whole.ok_or(Error::NotFound("presentation"))?;
    let title = input.new_title.unwrap_or_else(|| copy_title(&original.title));
    let mut draft = Presentation::new(app.clock.new_id(), account.user, title, original.description, now);
    renew_slide_ids(&mut slides, draft.id, || app.clock.new_id());
    for slide in &mut slides {
        (slide.created_at, slide.updated_at, slide.version) = (now, now, 1);
    }
    draft.slides = SlideOrder::new(slides.iter().map(|slide| slide.id).collect());
    let presentation = presentations::create(&app.store, draft, None, notes.clone(), &slides).await?;
    let presentation = presentation.applied().ok_or_else(fields::slug_taken_error)?;
    let tag = presentation_tag(&presentation);
    Ok((StatusCode::CREATED, tag, Json(PresentationContent { presentation, notes, slides }.into())))
}

fn copy_title(title: &str) -> String {
    "Copy of ".chars().chain(title.chars()).take(200).collect()
}

/// Moves slides to another presentation and gives them new ids. References between the slides point to the new ids.
fn renew_slide_ids(slides: &mut [Slide], presentation: PresentationId, mut id: impl FnMut() -> SlideId) {
    let renamed: HashMap<SlideId, SlideId> = slides.iter().map(|slide| (slide.id, id())).collect();
    for slide in slides {
        slide.presentation = presentation;
        slide.id = renamed[&slide.id];
        slide.content.refer(&|id| renamed.get(&id).copied().unwrap_or(id));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copys_title_fits() {
        assert_eq!(copy_title("Talk"), "Copy of Talk");
        let long = copy_title(&"ä".repeat(200));
        assert_eq!(long.chars().count(), 200);
        assert!(long.starts_with("Copy of ä"));
    }
}
