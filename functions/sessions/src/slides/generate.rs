//! The texts that a model writes on summary and conclusion slides. The presenter requests them, or the slide does when
//! it is shown.

use axum::{Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, PathIds, ValidJson},
};
use garde::Validate;
use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use model::{
    Error, SessionId, SlideId,
    assistant::GenerationStatus,
    slide::{SlideContent, SlideType},
};
use protocol::job::GenerateSlide;
use serde::{Deserialize, Serialize};
use store::{
    ReadConsistency, WriteOutcome,
    presentations::{self, slides},
    sessions::{
        self, Session,
        slide_generations::{self, SlideGeneration},
    },
};
use utoipa::ToSchema;

/// The time after which the clock sends the job again if the generation is not finished.
const RETRY_AFTER: SignedDuration = SignedDuration::from_mins(3);

/// A text that a model writes on a slide.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Generation)]
pub struct GenerationView {
    pub session_id: SessionId,
    /// The slide on which the text is written.
    pub slide_id: SlideId,
    pub status: GenerationStatus,
    #[schema(value_type = String, format = DateTime)]
    pub requested_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub finished_at: Option<Timestamp>,
    /// The provider of the model. `extractive` if the text consists of sentences of the audience.
    pub provider: Option<String>,
    /// Why the generation failed.
    pub error: Option<String>,
}

impl From<SlideGeneration> for GenerationView {
    fn from(generation: SlideGeneration) -> Self {
        Self {
            session_id: generation.session,
            slide_id: generation.slide,
            status: generation.status,
            requested_at: generation.requested_at,
            finished_at: generation.finished_at,
            provider: generation.provider,
            error: generation.error,
        }
    }
}

/// Generate the text of a slide
///
/// Requests that a model writes a summary of the answers on a summary slide, or takeaways on a conclusion slide. If a
/// generation is pending, it is returned instead of a new one.
#[utoipa::path(
    post,
    path = "/v1/sessions/{id}/slides/{slide_id}/generation",
    tag = "assistant",
    operation_id = "generate_slide",
    params(("id" = SessionId, Path), ("slide_id" = SlideId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 202, description = "The text is written in the background", body = GenerationView),
        (status = 401, body = ErrorBody),
        (status = 404, body = ErrorBody),
        (status = 422, description = "The slide is neither a summary nor a conclusion slide", body = ErrorBody),
    )
)]
pub async fn generate_slide(
    State(app): State<App>,
    account: AccountCaller,
    PathIds(id, slide): PathIds<SessionId, SlideId>,
) -> ApiResult<(StatusCode, Json<GenerationView>)> {
    let now = app.clock.now();
    let session = sessions::get_owned(&app.store, account.user, id, ReadConsistency::Eventual, now).await?;
    let found = slides::get(&app.store, session.presentation, slide, now).await?;
    match found.ok_or(Error::NotFound("slide"))?.content {
        SlideContent::Summary(_) | SlideContent::Conclusion(_) => {}
        _ => return Err(Error::field("slide_id", "must be a summary or a conclusion slide").into()),
    }
    Ok((StatusCode::ACCEPTED, Json(request_generation(&app, &session, slide, false).await?.into())))
}

/// Get the progress of a generated text
///
/// Returns the status of the last generation for a slide.
#[utoipa::path(
    get,
    path = "/v1/sessions/{id}/slides/{slide_id}/generation",
    tag = "assistant",
    operation_id = "get_generation",
    params(("id" = SessionId, Path), ("slide_id" = SlideId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = GenerationView),
        (status = 401, body = ErrorBody),
        (status = 404, description = "Not found, or no generation was requested", body = ErrorBody),
    )
)]
pub async fn get_generation(
    State(app): State<App>,
    account: AccountCaller,
    PathIds(id, slide): PathIds<SessionId, SlideId>,
) -> ApiResult<Json<GenerationView>> {
    let now = app.clock.now();
    sessions::get_owned(&app.store, account.user, id, ReadConsistency::Eventual, now).await?;
    let found = slide_generations::get(&app.store, id, slide, now).await?;
    Ok(Json(found.ok_or(Error::NotFound("generation"))?.into()))
}

/// A session of the caller.
#[derive(Debug, Deserialize, Validate, ToSchema)]
pub struct SessionRef {
    /// The session whose presentation has the slide.
    #[garde(skip)]
    pub session_id: SessionId,
}

/// Generate the first summary of a session (old path)
///
/// Requests the text of the first summary slide of the session's presentation, for old clients.
#[utoipa::path(
    post,
    path = "/v1/ai/summary",
    tag = "assistant",
    operation_id = "generate_summary",
    request_body = SessionRef,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 202, body = GenerationView),
        (status = 401, body = ErrorBody),
        (status = 404, body = ErrorBody),
        (status = 422, description = "The presentation has no summary slide", body = ErrorBody),
    )
)]
pub async fn generate_summary(
    State(app): State<App>,
    account: AccountCaller,
    ValidJson(input): ValidJson<SessionRef>,
) -> ApiResult<(StatusCode, Json<GenerationView>)> {
    let generation = request_first_slide(&app, account, input.session_id, SlideType::Summary).await?;
    Ok((StatusCode::ACCEPTED, Json(generation)))
}

/// Generate the first conclusion of a session (old path)
///
/// Requests the text of the first conclusion slide of the session's presentation, for old clients.
#[utoipa::path(
    post,
    path = "/v1/ai/conclusion",
    tag = "assistant",
    operation_id = "generate_conclusion",
    request_body = SessionRef,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 202, body = GenerationView),
        (status = 401, body = ErrorBody),
        (status = 404, body = ErrorBody),
        (status = 422, description = "The presentation has no conclusion slide", body = ErrorBody),
    )
)]
pub async fn generate_conclusion(
    State(app): State<App>,
    account: AccountCaller,
    ValidJson(input): ValidJson<SessionRef>,
) -> ApiResult<(StatusCode, Json<GenerationView>)> {
    let generation = request_first_slide(&app, account, input.session_id, SlideType::Conclusion).await?;
    Ok((StatusCode::ACCEPTED, Json(generation)))
}

async fn request_first_slide(
    app: &App,
    account: AccountCaller,
    id: SessionId,
    kind: SlideType,
) -> Result<GenerationView, Error> {
    let now = app.clock.now();
    let session = sessions::get_owned(&app.store, account.user, id, ReadConsistency::Eventual, now).await?;
    let presentation = presentations::get(&app.store, session.presentation, now).await?;
    let presentation = presentation.ok_or(Error::NotFound("presentation"))?;
    let slides = slides::list(&app.store, &presentation, now).await?;
    let slide = slides.iter().find(|slide| slide.content.kind() == kind).ok_or_else(|| {
        Error::field("session_id", format!("its presentation has no {} slide", kind.as_str()))
    })?;
    Ok(request_generation(app, &session, slide.id, false).await?.into())
}

/// Requests that a model writes on a slide. Returns the pending generation if there is one. With `only_first`, also
/// returns a generation that is done, instead of requesting another one.
///
/// # Errors
/// Fails if the generation cannot be stored. A job that cannot be sent is only logged.
pub async fn request_generation(
    app: &App,
    session: &Session,
    slide: SlideId,
    only_first: bool,
) -> Result<SlideGeneration, Error> {
    let now = app.clock.now();
    let wanted = SlideGeneration {
        session: session.id,
        slide,
        status: GenerationStatus::Queued,
        requested_at: now,
        finished_at: None,
        provider: None,
        error: None,
        write_by: Some(now + RETRY_AFTER),
    };
    if slide_generations::request(&app.store, &wanted, only_first).await? == WriteOutcome::ConditionFailed {
        let existing = slide_generations::get(&app.store, session.id, slide, now).await?;
        return existing.ok_or(Error::NotFound("generation"));
    }
    let job = GenerateSlide { session: session.id, slide };
    if let Err(error) = app.queues.send(&job, now).await {
        // the generation is stored, so the clock sends the job again
        tracing::warn!(session = %session.id, %slide, %error, "sending a generation job failed");
    }
    Ok(wanted)
}

/// Returns whether a slide requests its text when it is shown.
pub fn wants_generation(content: &SlideContent) -> bool {
    match content {
        SlideContent::Summary(summary) => summary.auto_generate,
        SlideContent::Conclusion(conclusion) => conclusion.auto_generate,
        _ => false,
    }
}
