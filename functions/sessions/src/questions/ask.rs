use std::time::Duration;

use axum::{Extension, Json, extract::State};
use entry::{
    App,
    http::{ApiResult, ErrorBody, GuestCaller, PathId, RequestSource, ValidJson},
};
use garde::Validate;
use http::StatusCode;
use jiff::SignedDuration;
use model::{
    Error, ErrorCode, ParticipantId, QuestionId, Room, SessionId, SlideId,
    assistant::AssistantStatus,
    question::{QuestionStatus, asks_the_same, normalize, wording_key},
    session::{AiAnswerMode, SessionStatus},
};
use protocol::{Event, event::QuestionView, job::AnswerQuestion};
use serde::Deserialize;
use store::{
    RateLimit, WriteOutcome,
    platform::rate_limits,
    presentations,
    sessions::{
        Session,
        questions::{self, Question},
    },
};
use utoipa::ToSchema;

use super::{merge, publish, upvote, view};
use crate::{instance_state::InstanceState, participants::participant_access::require_participant};

/// Limits the questions of one participant.
const PARTICIPANT_RATE_LIMIT: RateLimit =
    RateLimit { name: "question", max_attempts: 6, window: Duration::from_mins(1) };
/// Limits the questions of one network in one session, against a client that joins again after every six questions.
const NETWORK_RATE_LIMIT: RateLimit =
    RateLimit { name: "question_network", max_attempts: 60, window: Duration::from_mins(1) };
/// Questions in a session. Every new question is compared with all of them, so their number must have a limit.
const MAX_QUESTIONS: usize = 1_000;
/// The time after which the clock sends the job of the assistant again if the question has no answer.
const ASSISTANT_RETRY_AFTER: SignedDuration = SignedDuration::from_mins(3);

/// A question of the audience.
#[derive(Debug, Deserialize, Validate, ToSchema)]
pub struct AskQuestionRequest {
    /// The slide to which the question refers. The default is the current slide.
    #[garde(skip)]
    pub slide_id: Option<SlideId>,
    /// The question.
    #[serde(alias = "question")]
    #[garde(skip)]
    #[schema(min_length = 1, max_length = 300)]
    pub question_text: String,
}

/// Ask a question
///
/// Asks a question with a participant's token. A participant who repeats a question receives the stored one. A question
/// that asks the same as another question is `merged` into it, and the participant receives the answer of that
/// question.
#[utoipa::path(
    post,
    path = "/v1/sessions/{id}/questions",
    tag = "questions",
    operation_id = "ask_question",
    params(("id" = SessionId, Path)),
    request_body = AskQuestionRequest,
    security(("participant" = [])),
    responses(
        (status = 201, body = QuestionView),
        (status = 401, body = ErrorBody),
        (status = 403, description = "The presenter has removed the participant", body = ErrorBody),
        (status = 404, body = ErrorBody),
        (status = 409, description = "The session is not active, or has reached its limit of questions", body = ErrorBody),
        (status = 422, body = ErrorBody),
        (status = 429, description = "Too many questions of this participant or network", body = ErrorBody),
    )
)]
pub async fn ask_question(
    State(app): State<App>,
    Extension(state): Extension<InstanceState>,
    guest: GuestCaller,
    source: RequestSource,
    PathId(id): PathId<SessionId>,
    ValidJson(input): ValidJson<AskQuestionRequest>,
) -> ApiResult<(StatusCode, Json<QuestionView>)> {
    let question =
        ask_as_participant(&app, &state, id, guest, &source, input.slide_id, &input.question_text).await?;
    Ok((StatusCode::CREATED, Json(view::for_audience(question))))
}

/// A question of the audience, in the form of old clients.
#[derive(Debug, Deserialize, Validate, ToSchema)]
pub struct AskAssistantRequest {
    /// The session of the participant's token.
    #[garde(skip)]
    pub session_id: SessionId,
    /// The participant of the token. It may be absent.
    #[garde(skip)]
    pub participant_id: Option<ParticipantId>,
    /// The question.
    #[garde(skip)]
    #[schema(min_length = 1, max_length = 300)]
    pub question: String,
}

/// Ask the assistant (old path)
///
/// Asks a question as `POST /v1/sessions/{id}/questions` does, for old clients.
#[utoipa::path(
    post,
    path = "/v1/ai/answer",
    tag = "assistant",
    operation_id = "ask_assistant",
    request_body = AskAssistantRequest,
    security(("participant" = [])),
    responses(
        (status = 202, description = "The question is stored. The answer follows as `ai_response` on the socket, and in the question itself", body = QuestionView),
        (status = 401, body = ErrorBody),
        (status = 403, description = "The presenter has removed the participant", body = ErrorBody),
        (status = 404, body = ErrorBody),
        (status = 409, description = "The session is not active, or has reached its limit of questions", body = ErrorBody),
        (status = 422, body = ErrorBody),
        (status = 429, description = "Too many questions of this participant or network", body = ErrorBody),
    )
)]
pub async fn ask_assistant(
    State(app): State<App>,
    Extension(state): Extension<InstanceState>,
    guest: GuestCaller,
    source: RequestSource,
    ValidJson(input): ValidJson<AskAssistantRequest>,
) -> ApiResult<(StatusCode, Json<QuestionView>)> {
    if input.participant_id.is_some_and(|other| other != guest.participant) {
        return Err(Error::NotFound("participant").into());
    }
    let stored =
        ask_as_participant(&app, &state, input.session_id, guest, &source, None, &input.question).await;
    let question = stored.map_err(rename_error_field)?;
    Ok((StatusCode::ACCEPTED, Json(view::for_audience(question))))
}

/// Stores a question that a participant sent by HTTP.
async fn ask_as_participant(
    app: &App,
    state: &InstanceState,
    session: SessionId,
    guest: GuestCaller,
    source: &RequestSource,
    slide: Option<SlideId>,
    text: &str,
) -> Result<Question, Error> {
    let participant = require_participant(app, session, guest).await?;
    let question = IncomingQuestion {
        session,
        participant: participant.id,
        display_name: participant.display_name,
        slide,
        network: Some(source.network_key()),
        text,
    };
    store_question(app, state, question).await
}

/// Names the invalid field as `POST /v1/ai/answer` calls it.
fn rename_error_field(error: Error) -> Error {
    match error {
        Error::Invalid(mut fields) => {
            for field in &mut fields {
                field.field = field.field.replace("question_text", "question");
            }
            Error::Invalid(fields)
        }
        other => other,
    }
}

/// A question as the participant sent it.
#[derive(Debug)]
pub struct IncomingQuestion<'a> {
    pub session: SessionId,
    pub participant: ParticipantId,
    pub display_name: Option<String>,
    pub slide: Option<SlideId>,
    /// The network of the request or of the socket.
    pub network: Option<String>,
    pub text: &'a str,
}

/// Stores a question, publishes it, and requests the answer of the assistant. A question that asks the same as a stored
/// question is merged into it.
///
/// # Errors
/// `SESSION_NOT_ACTIVE`, `SESSION_ENDED`, `LIMIT_REACHED`, `RATE_LIMITED`, or `Invalid` for the text or the slide.
/// Nothing is stored then.
pub async fn store_question(
    app: &App,
    state: &InstanceState,
    incoming: IncomingQuestion<'_>,
) -> Result<Question, Error> {
    let invalid_text = |why: &'static str| Error::field("question_text", why);
    let text = normalize(incoming.text).map_err(invalid_text)?;
    let cached = state.session_cache.get_cached(app, incoming.session).await?;
    let snapshot = match require_active_session(&cached.session) {
        Ok(()) => cached,
        Err(_) => state.session_cache.get_fresh(app, incoming.session).await?,
    };
    require_active_session(&snapshot.session)?;
    if snapshot.session.blocked_words.contains(&text) {
        return Err(invalid_text("contains a word that is blocked in this session"));
    }
    let now = app.clock.now();
    let id = QuestionId::derive(incoming.session, incoming.participant, &wording_key(&text));
    if let Some(existing) = questions::get(&app.store, incoming.session, id, now).await? {
        upvote_merge_target(app, state, &existing).await?;
        return Ok(existing);
    }
    if let Some(slide) = incoming.slide {
        require_slide_of_session(app, &snapshot.session, slide).await?;
    }
    rate_limits::count_attempt(&app.store, PARTICIPANT_RATE_LIMIT, &incoming.participant.to_string(), now)
        .await?
        .require_allowed()?;
    if let Some(network) = incoming.network {
        let key = format!("{}#{network}", incoming.session);
        rate_limits::count_attempt(&app.store, NETWORK_RATE_LIMIT, &key, now).await?.require_allowed()?;
    }
    let others = questions::list_strong(&app.store, incoming.session, now).await?;
    if others.len() >= MAX_QUESTIONS {
        return Err(Error::conflict(
            ErrorCode::LimitReached,
            format!("a session can have at most {MAX_QUESTIONS} questions"),
        ));
    }
    let same = others.into_iter().find(|other| {
        matches!(other.status, QuestionStatus::Queued | QuestionStatus::Answered)
            && asks_the_same(&other.text, &text)
    });
    if let Some(same) = same.as_ref().filter(|same| !same.has_merged) {
        merge::mark_merge_target(app, incoming.session, same.id, |_| Ok(())).await?;
    }
    let wants_assistant = snapshot.session.ai_answers != AiAnswerMode::Off && same.is_none();
    let question = Question {
        id,
        session: incoming.session,
        slide: incoming.slide.or(snapshot.session.current_slide),
        participant: incoming.participant,
        display_name: incoming.display_name,
        text,
        status: if same.is_some() { QuestionStatus::Merged } else { QuestionStatus::Queued },
        merged_into: same.as_ref().map(|same| same.id),
        has_merged: false,
        pinned: false,
        flagged: false,
        upvotes: 0,
        upvotes_as_of: 0,
        assistant: if wants_assistant { AssistantStatus::Waiting } else { AssistantStatus::Off },
        answer: None,
        draft: None,
        version: 1,
        asked_at: now,
        answer_by: wants_assistant.then_some(now + ASSISTANT_RETRY_AFTER),
    };
    if questions::create(&app.store, &question, now).await? == WriteOutcome::ConditionFailed {
        // a concurrent request of the same participant has stored the same question
        let existing = questions::get(&app.store, incoming.session, id, now).await?;
        return existing.ok_or(Error::NotFound("question"));
    }
    if let Err(error) = publish_question_asked(app, state, &question).await {
        // the question is stored: the clock sends the job again, a repeated question up-votes again, and GET returns it
        tracing::error!(session = %incoming.session, question = %id, ?error, "publishing a new question failed");
    }
    Ok(question)
}

/// Publishes a new question, requests the answer of the assistant, and up-votes the merge target.
async fn publish_question_asked(app: &App, state: &InstanceState, question: &Question) -> Result<(), Error> {
    let now = app.clock.now();
    let upvoted = upvote_merge_target(app, state, question).await;
    if question.assistant == AssistantStatus::Waiting {
        let job = AnswerQuestion { session: question.session, question: question.id };
        app.queues.send(&job, now).await?;
    }
    let asked = Event::QuestionAsked(Box::new(view::for_presenter(question.clone())));
    app.realtime.publish(Room::Presenter(question.session), asked, now).await?;
    publish::publish_question(app, question).await;
    let Some(into) = question.merged_into else { return upvoted };
    // read again, because a concurrent answer may not have seen this question
    let same = questions::get(&app.store, question.session, into, now).await?;
    if let Some(reply) = same.and_then(|same| same.answer) {
        publish::publish_response(app, question, view::complete_response(question, reply)).await?;
    }
    upvoted
}

/// Up-votes the question into which `question` was merged. A participant who asks the same wants it answered.
async fn upvote_merge_target(app: &App, state: &InstanceState, question: &Question) -> Result<(), Error> {
    let Some(into) = question.merged_into else { return Ok(()) };
    match upvote::set_upvote(app, state, question.session, into, question.participant, true).await {
        // the presenter has hidden the target in between
        Err(Error::NotFound(_)) => Ok(()),
        upvoted => upvoted,
    }
}

/// Returns an error unless the slide belongs to the session's presentation.
async fn require_slide_of_session(app: &App, session: &Session, slide: SlideId) -> Result<(), Error> {
    if session.current_slide == Some(slide) {
        return Ok(());
    }
    let presentation = presentations::get(&app.store, session.presentation, app.clock.now()).await?;
    match presentation.and_then(|presentation| presentation.slides.index_of(slide)) {
        Some(_) => Ok(()),
        None => Err(Error::field("slide_id", "must be a slide of this session's presentation")),
    }
}

fn require_active_session(session: &Session) -> Result<(), Error> {
    match session.status {
        SessionStatus::Active => Ok(()),
        SessionStatus::Ended => Err(Error::conflict(ErrorCode::SessionEnded, "the session has ended")),
        SessionStatus::Pending | SessionStatus::Paused => {
            let why = format!("the session is {}", session.status.as_str());
            Err(Error::conflict(ErrorCode::SessionNotActive, why))
        }
    }
}
