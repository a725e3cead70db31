use axum::{Json, extract::State};
use entry::{
    App,
    http::{
        AccountCaller, ApiResult, Clearable, EntityTag, ErrorBody, IfMatch, PathId, ValidJson, clearable,
    },
};
use garde::Validate;
use model::{
    PresentationId,
    presentation::{PresentationStatus, Slug},
    text::{self, Lines},
};
use serde::Deserialize;
use store::presentations::{self, PresentationChangeOutcome, PresentationUpdate};
use utoipa::ToSchema;

use crate::{
    fields,
    view::{PRESENTATION, PresentationWithNotes, presentation_tag},
};

/// Changes of a presentation. Missing fields stay unchanged.
#[derive(Debug, Deserialize, Validate, ToSchema)]
pub(crate) struct UpdatePresentationRequest {
    /// `null` leaves the title unchanged.
    #[garde(inner(length(chars, max = 200), custom(fields::not_blank), custom(text::line)))]
    #[schema(min_length = 1, max_length = 200)]
    title: Option<String>,
    /// `null` removes the description.
    #[garde(length(chars, max = 2000), inner(inner(custom(text::lines))))]
    #[serde(default, deserialize_with = "clearable")]
    #[schema(value_type = Option<String>, max_length = 2000)]
    description: Clearable,
    /// `null` removes the notes.
    #[garde(length(chars, max = 50_000), inner(inner(custom(text::lines))))]
    #[serde(default, deserialize_with = "clearable")]
    #[schema(value_type = Option<String>, max_length = 50_000)]
    speaker_notes: Clearable,
    /// `draft` can become `active` or `archived`. `active` and `ended` can become any status. `archived` can become
    /// `draft`.
    #[garde(skip)]
    status: Option<PresentationStatus>,
    /// A new slug replaces the public link, and the old link stops working. A new title does not change the slug.
    #[garde(length(max = 200))]
    #[schema(value_type = Option<Slug>)]
    slug: Option<String>,
}

/// Update a presentation
///
/// Changes the title, the description, the notes, the status or the slug of a presentation.
#[utoipa::path(
    put,
    path = "/v1/presentations/{id}",
    tag = "presentations",
    operation_id = "update_presentation",
    params(("id" = PresentationId, Path)),
    request_body = UpdatePresentationRequest,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, description = "The presentation after the change.", body = PresentationWithNotes, headers(("ETag" = String))),
        (status = 401, body = ErrorBody),
        (status = 404, body = ErrorBody),
        (
            status = 409,
            description = "`INVALID_TRANSITION`: the status cannot become this one. `SLUG_TAKEN`: another presentation has this \
                slug.",
            body = ErrorBody
        ),
        (status = 412, description = "`PRECONDITION_FAILED`: the presentation has changed since the client read it.", body = ErrorBody),
        (status = 422, body = ErrorBody),
    )
)]
pub(crate) async fn update_presentation(
    State(app): State<App>,
    account: AccountCaller,
    PathId(id): PathId<PresentationId>,
    if_match: IfMatch,
    ValidJson(input): ValidJson<UpdatePresentationRequest>,
) -> ApiResult<(EntityTag, Json<PresentationWithNotes>)> {
    let store = &app.store;
    let now = app.clock.now();
    let changes = PresentationUpdate {
        title: input.title,
        description: input.description.normalize(),
        notes: input.speaker_notes.normalize(),
        status: input.status,
        slug: input.slug.as_deref().map(fields::parse_slug).transpose()?,
    };
    let expected = if_match.expected(PRESENTATION);
    let presentation = if changes.is_empty() {
        let unchanged = presentations::get_owned(store, account.user, id, now).await?;
        expected.require(unchanged.version)?;
        unchanged
    } else {
        match presentations::change(store, account.user, id, &changes, &expected, now).await? {
            PresentationChangeOutcome::Applied(presentation) => *presentation,
            PresentationChangeOutcome::InvalidTransition { from, to } => {
                return Err(from.transition_error(to).into());
            }
            PresentationChangeOutcome::SlugTaken => return Err(fields::slug_taken_error().into()),
        }
    };
    let speaker_notes = match changes.notes {
        Some(notes) => notes,
        None => presentations::get_notes(store, id, now).await?,
    };
    let tag = presentation_tag(&presentation);
    Ok((tag, Json(PresentationWithNotes { presentation: presentation.into(), speaker_notes })))
}
