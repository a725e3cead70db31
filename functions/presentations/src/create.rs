use axum::{Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, EntityTag, ErrorBody, ValidJson},
};
use garde::Validate;
use http::StatusCode;
use model::{presentation::Slug, text};
use serde::Deserialize;
use store::presentations::{self, Presentation, PresentationContent};
use utoipa::ToSchema;

use crate::{
    fields,
    view::{PresentationWithSlides, presentation_tag},
};

/// A new presentation.
#[derive(Debug, Deserialize, Validate, ToSchema)]
pub(crate) struct CreatePresentationRequest {
    #[garde(length(chars, max = 200), custom(fields::not_blank), custom(text::line))]
    #[schema(min_length = 1, max_length = 200)]
    title: String,
    #[garde(length(chars, max = 2000), inner(custom(text::lines)))]
    #[serde(default, deserialize_with = "text::normalized")]
    #[schema(max_length = 2000)]
    description: Option<String>,
    /// Notes for the speaker. The audience never sees them. The assistant answers questions from them.
    #[garde(length(chars, max = 50_000), inner(custom(text::lines)))]
    #[serde(default, deserialize_with = "text::normalized")]
    #[schema(max_length = 50_000)]
    speaker_notes: Option<String>,
    /// The slug of the public link. Without it, the title determines the slug.
    #[garde(length(max = 200))]
    #[schema(value_type = Option<Slug>)]
    slug: Option<String>,
}

/// Create a presentation
///
/// Creates a draft without slides. The caller becomes its owner.
#[utoipa::path(
    post,
    path = "/v1/presentations",
    tag = "presentations",
    operation_id = "create_presentation",
    request_body = CreatePresentationRequest,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 201, description = "The new presentation.", body = PresentationWithSlides, headers(("ETag" = String))),
        (status = 401, body = ErrorBody),
        (status = 409, description = "`SLUG_TAKEN`: another presentation has this slug.", body = ErrorBody),
        (status = 422, body = ErrorBody),
    )
)]
pub(crate) async fn create_presentation(
    State(app): State<App>,
    account: AccountCaller,
    ValidJson(input): ValidJson<CreatePresentationRequest>,
) -> ApiResult<(StatusCode, EntityTag, Json<PresentationWithSlides>)> {
    let chosen = input.slug.as_deref().map(fields::parse_slug).transpose()?;
    let draft =
        Presentation::new(app.clock.new_id(), account.user, input.title, input.description, app.clock.now());
    let notes = input.speaker_notes;
    let presentation = presentations::create(&app.store, draft, chosen, notes.clone(), &[]).await?;
    let presentation = presentation.applied().ok_or_else(fields::slug_taken_error)?;
    let tag = presentation_tag(&presentation);
    let created = PresentationContent { presentation, notes, slides: Vec::new() };
    Ok((StatusCode::CREATED, tag, Json(created.into())))
}
