use axum::{Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, PathId, ValidJson},
};
use garde::Validate;
use model::{
    PresentationId,
    presentation::{PresentationStatus, Slug},
};
use serde::Deserialize;
use store::presentations::{self, PresentationChangeOutcome, PresentationUpdate};
use utoipa::ToSchema;

use crate::{
    fields::{self, Clearable, clearable},
    view::PresentationWithNotes,
};

/// What is left out stays.
#[derive(Debug, Deserialize, Validate, ToSchema)]
pub(crate) struct UpdatePresentationRequest {
    /// `null` leaves it.
    #[garde(inner(length(chars, max = 200), custom(fields::not_blank)))]
    #[schema(min_length = 1, max_length = 200)]
    title: Option<String>,
    /// `null` clears it.
    #[garde(length(chars, max = 2000))]
    #[serde(default, deserialize_with = "clearable")]
    #[schema(value_type = Option<String>, max_length = 2000)]
    description: Clearable,
    /// `null` clears them.
    #[garde(length(chars, max = 50_000))]
    #[serde(default, deserialize_with = "clearable")]
    #[schema(value_type = Option<String>, max_length = 50_000)]
    speaker_notes: Clearable,
    /// `draft` to `active` or `archived`; `active` and `ended` to any; `archived` to `draft`.
    #[garde(skip)]
    status: Option<PresentationStatus>,
    /// The old link ends. A new title never changes it.
    #[garde(length(max = 200))]
    #[schema(value_type = Option<Slug>)]
    slug: Option<String>,
}

/// Change a presentation
#[utoipa::path(
    put,
    path = "/v1/presentations/{id}",
    tag = "presentations",
    operation_id = "update_presentation",
    params(("id" = PresentationId, Path)),
    request_body = UpdatePresentationRequest,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = PresentationWithNotes),
        (status = 401, body = ErrorBody),
        (status = 404, body = ErrorBody),
        (status = 409, description = "`INVALID_TRANSITION`: its status cannot become this one; or `SLUG_TAKEN`", body = ErrorBody),
        (status = 422, body = ErrorBody),
    )
)]
pub(crate) async fn update_presentation(
    State(app): State<App>,
    account: AccountCaller,
    PathId(id): PathId<PresentationId>,
    ValidJson(input): ValidJson<UpdatePresentationRequest>,
) -> ApiResult<Json<PresentationWithNotes>> {
    let (store, now) = (&app.store, app.clock.now());
    let changes = PresentationUpdate {
        title: input.title,
        description: input.description,
        notes: input.speaker_notes,
        status: input.status,
        slug: input.slug.as_deref().map(fields::parse_slug).transpose()?,
    };
    let presentation = if changes.is_empty() {
        presentations::get_owned(store, account.user, id, now).await?
    } else {
        match presentations::change(store, account.user, id, &changes, now).await? {
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
    Ok(Json(PresentationWithNotes { presentation: presentation.into(), speaker_notes }))
}
