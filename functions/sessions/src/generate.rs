//! What a model writes on summary and conclusion slides, on demand or because the slide wants it.

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

/// When the job is sent once more, where nothing has come of it.
const RETRY_AFTER: SignedDuration = SignedDuration::from_mins(3);

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Generation)]
pub struct GenerationView {
    pub session_id: SessionId,
    /// The slide that it is written on.
    pub slide_id: SlideId,
    pub status: GenerationStatus,
    #[schema(value_type = String, format = DateTime)]
    pub requested_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub finished_at: Option<Timestamp>,
    /// `extractive` where it is made of the audience's own sentences.
    pub provider: Option<String>,
    /// Why it failed.
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

/// Has a summary slide filled with what the audience said, or a conclusion slide with what to take home.
#[utoipa::path(
    post,
    path = "/v1/sessions/{id}/slides/{slide_id}/generation",
    tag = "assistant",
    operation_id = "generate_slide",
    params(("id" = SessionId, Path), ("slide_id" = SlideId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 202, description = "It is written in the background; asked for twice, it is one", body = GenerationView),
        (status = 401, body = ErrorBody),
        (status = 404, body = ErrorBody),
        (status = 422, description = "the slide is neither summary nor conclusion", body = ErrorBody),
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
        _ => return Err(Error::field("slide_id", "is neither a summary nor a conclusion slide").into()),
    }
    Ok((StatusCode::ACCEPTED, Json(request_generation(&app, &session, slide, false).await?.into())))
}

/// How far it is.
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
        (status = 404, description = "also where nothing was asked for", body = ErrorBody),
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

#[derive(Debug, Deserialize, Validate, ToSchema)]
pub struct SessionRef {
    #[garde(skip)]
    pub session_id: SessionId,
}

macro_rules! firsts {
    ($($(#[$doc:meta])* $name:ident, $path:literal, $id:literal, $kind:expr;)*) => {$(
        $(#[$doc])*
        #[utoipa::path(
            post,
            path = $path,
            tag = "assistant",
            operation_id = $id,
            request_body = SessionRef,
            security(("bearer" = []), ("cookie" = [])),
            responses(
                (status = 202, body = GenerationView),
                (status = 401, body = ErrorBody),
                (status = 404, body = ErrorBody),
                (status = 422, description = "the presentation has no such slide", body = ErrorBody),
            )
        )]
        pub async fn $name(
            State(app): State<App>,
            account: AccountCaller,
            ValidJson(input): ValidJson<SessionRef>,
        ) -> ApiResult<(StatusCode, Json<GenerationView>)> {
            Ok((StatusCode::ACCEPTED, Json(request_first(&app, account, input.session_id, $kind).await?)))
        }
    )*};
}

firsts! {
    /// Has the first summary slide of a session's presentation filled; the spelling of old clients.
    summary, "/v1/ai/summary", "generate_summary", SlideType::Summary;
    /// Has the first conclusion slide of a session's presentation filled; the spelling of old clients.
    conclusion, "/v1/ai/conclusion", "generate_conclusion", SlideType::Conclusion;
}

async fn request_first(
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

/// Asks that a slide be written on; what has been asked for and is not done stays. `first`: only if it never was.
pub async fn request_generation(
    app: &App,
    session: &Session,
    slide: SlideId,
    first: bool,
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
    if slide_generations::request(&app.store, &wanted, first).await? == WriteOutcome::ConditionFailed {
        let before = slide_generations::get(&app.store, session.id, slide, now).await?;
        return before.ok_or(Error::NotFound("generation"));
    }
    let job = GenerateSlide { session: session.id, slide };
    if let Err(error) = app.queues.send(&job, now).await {
        // it is asked for: the clock sends the job again
        tracing::warn!(session = %session.id, %slide, %error, "a generation was not passed on");
    }
    Ok(wanted)
}

/// What a slide that is shown wants written on it.
pub fn wants_generation(content: &SlideContent) -> bool {
    match content {
        SlideContent::Summary(summary) => summary.auto_generate,
        SlideContent::Conclusion(conclusion) => conclusion.auto_generate,
        _ => false,
    }
}
