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
    question::{self as rules, QuestionStatus},
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

use super::{merge, tell, upvote, view};
use crate::{InstanceState, guest::require_participant};

/// Questions of one participant.
const PARTICIPANT_RATE_LIMIT: RateLimit =
    RateLimit { name: "question", max_attempts: 6, window: Duration::from_mins(1) };
/// Questions of one network in one session: whoever joins anew for every six.
const NETWORK_RATE_LIMIT: RateLimit =
    RateLimit { name: "question_network", max_attempts: 60, window: Duration::from_mins(1) };
/// A session with more is not read through for every new one any more.
const MAX_QUESTIONS: usize = 1_000;
/// When the assistant's job is sent once more, where its answer has not come.
const ASSISTANT_RETRY_AFTER: SignedDuration = SignedDuration::from_mins(3);

#[derive(Debug, Deserialize, Validate, ToSchema)]
pub struct AskQuestionRequest {
    /// What it is about, of this presentation; the slide that is shown where it is left out.
    #[garde(skip)]
    pub slide_id: Option<SlideId>,
    #[serde(alias = "question")]
    #[garde(skip)]
    #[schema(min_length = 1, max_length = 300)]
    pub question_text: String,
}

/// Asks a question with a participant's token. The same question of the same participant is one, however often it is
/// asked; one that asks the same as another is `merged` into it, and gets its answer.
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
        (status = 403, description = "removed by the presenter", body = ErrorBody),
        (status = 404, body = ErrorBody),
        (status = 409, description = "the session is not active, or has as many questions as it may", body = ErrorBody),
        (status = 422, body = ErrorBody),
        (status = 429, description = "too many questions of one participant", body = ErrorBody),
    )
)]
pub async fn ask_question(
    State(app): State<App>,
    Extension(hot): Extension<InstanceState>,
    guest: GuestCaller,
    source: RequestSource,
    PathId(id): PathId<SessionId>,
    ValidJson(input): ValidJson<AskQuestionRequest>,
) -> ApiResult<(StatusCode, Json<QuestionView>)> {
    let question =
        ask_as_participant(&app, &hot, id, guest, &source, input.slide_id, &input.question_text).await?;
    Ok((StatusCode::CREATED, Json(view::for_audience(question))))
}

/// A question to the assistant; the spelling of old clients.
#[derive(Debug, Deserialize, Validate, ToSchema)]
pub struct AskAssistantRequest {
    /// The session of the token.
    #[garde(skip)]
    pub session_id: SessionId,
    /// Oneself; may be left out.
    #[garde(skip)]
    pub participant_id: Option<ParticipantId>,
    #[garde(skip)]
    #[schema(min_length = 1, max_length = 300)]
    pub question: String,
}

/// Asks a question, as `POST /v1/sessions/{id}/questions` does; the spelling of old clients.
#[utoipa::path(
    post,
    path = "/v1/ai/answer",
    tag = "assistant",
    operation_id = "ask_assistant",
    request_body = AskAssistantRequest,
    security(("participant" = [])),
    responses(
        (status = 202, description = "`ai_response` follows on the socket, and GET of the question has it", body = QuestionView),
        (status = 401, body = ErrorBody),
        (status = 403, description = "removed by the presenter", body = ErrorBody),
        (status = 404, body = ErrorBody),
        (status = 409, description = "the session is not active, or has as many questions as it may", body = ErrorBody),
        (status = 422, body = ErrorBody),
        (status = 429, description = "too many questions of one participant", body = ErrorBody),
    )
)]
pub async fn ask_assistant(
    State(app): State<App>,
    Extension(hot): Extension<InstanceState>,
    guest: GuestCaller,
    source: RequestSource,
    ValidJson(input): ValidJson<AskAssistantRequest>,
) -> ApiResult<(StatusCode, Json<QuestionView>)> {
    if input.participant_id.is_some_and(|other| other != guest.participant) {
        return Err(Error::NotFound("participant").into());
    }
    let asked = ask_as_participant(&app, &hot, input.session_id, guest, &source, None, &input.question).await;
    let question = asked.map_err(rename_error_field)?;
    Ok((StatusCode::ACCEPTED, Json(view::for_audience(question))))
}

/// Stores what a guest asks by a request.
async fn ask_as_participant(
    app: &App,
    hot: &InstanceState,
    session: SessionId,
    guest: GuestCaller,
    source: &RequestSource,
    slide: Option<SlideId>,
    text: &str,
) -> Result<Question, Error> {
    let asker = require_participant(app, session, guest).await?;
    let new = IncomingQuestion {
        session,
        participant: asker.id,
        display_name: asker.display_name,
        slide,
        network: Some(source.network_key()),
        text,
    };
    store_question(app, hot, new).await
}

/// The field as this request calls it.
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

/// A question as it came in.
#[derive(Debug)]
pub struct IncomingQuestion<'a> {
    pub session: SessionId,
    pub participant: ParticipantId,
    pub display_name: Option<String>,
    pub slide: Option<SlideId>,
    /// Where it comes from; unknown of a socket, which one participant has.
    pub network: Option<String>,
    pub text: &'a str,
}

/// Stores a question and has it answered.
///
/// # Errors
/// `SESSION_NOT_ACTIVE`, `SESSION_ENDED`, `LIMIT_REACHED`, `RATE_LIMITED`, or what is wrong with the text or the slide:
/// nothing was stored.
pub async fn store_question(
    app: &App,
    hot: &InstanceState,
    asked: IncomingQuestion<'_>,
) -> Result<Question, Error> {
    let wrong = |why: &'static str| Error::field("question_text", why);
    let text = rules::normalize(asked.text).map_err(wrong)?;
    let recent = hot.session_cache.get_cached(app, asked.session).await?;
    let moment = match require_active_session(&recent.session) {
        Ok(()) => recent,
        Err(_) => hot.session_cache.get_fresh(app, asked.session).await?,
    };
    require_active_session(&moment.session)?;
    if moment.session.blocked_words.contains(&text) {
        return Err(wrong("has a word that is blocked in this session"));
    }
    let now = app.clock.now();
    let id = QuestionId::derive(asked.session, asked.participant, &rules::wording_key(&text));
    if let Some(before) = questions::get(&app.store, asked.session, id, now).await? {
        upvote_merge_target(app, hot, &before).await?;
        return Ok(before);
    }
    if let Some(slide) = asked.slide {
        require_slide_of_session(app, &moment.session, slide).await?;
    }
    rate_limits::count_attempt(&app.store, PARTICIPANT_RATE_LIMIT, &asked.participant.to_string(), now)
        .await?
        .require_allowed()?;
    if let Some(network) = asked.network {
        let who = format!("{}#{network}", asked.session);
        rate_limits::count_attempt(&app.store, NETWORK_RATE_LIMIT, &who, now).await?.require_allowed()?;
    }
    let others = questions::list_strong(&app.store, asked.session, now).await?;
    if others.len() >= MAX_QUESTIONS {
        return Err(Error::conflict(
            ErrorCode::LimitReached,
            format!("a session has {MAX_QUESTIONS} questions at most"),
        ));
    }
    let same = others.into_iter().find(|other| {
        matches!(other.status, QuestionStatus::Queued | QuestionStatus::Answered)
            && rules::asks_the_same(&other.text, &text)
    });
    if let Some(same) = same.as_ref().filter(|same| !same.has_merged) {
        merge::mark_merge_target(app, asked.session, same.id, |_| Ok(())).await?;
    }
    let wanted = moment.session.ai_answers != AiAnswerMode::Off && same.is_none();
    let question = Question {
        id,
        session: asked.session,
        slide: asked.slide.or(moment.session.current_slide),
        participant: asked.participant,
        display_name: asked.display_name,
        text,
        status: if same.is_some() { QuestionStatus::Merged } else { QuestionStatus::Queued },
        merged_into: same.as_ref().map(|same| same.id),
        has_merged: false,
        pinned: false,
        flagged: false,
        upvotes: 0,
        upvotes_as_of: 0,
        assistant: if wanted { AssistantStatus::Waiting } else { AssistantStatus::Off },
        answer: None,
        draft: None,
        version: 1,
        asked_at: now,
        answer_by: wanted.then_some(now + ASSISTANT_RETRY_AFTER),
    };
    if questions::create(&app.store, &question, now).await? == WriteOutcome::ConditionFailed {
        // asked twice at once
        let before = questions::get(&app.store, asked.session, id, now).await?;
        return before.ok_or(Error::NotFound("question"));
    }
    if let Err(error) = publish_question_asked(app, hot, &question).await {
        // it is stored; the clock asks the assistant again, asking again up-votes again, and GET shows it
        tracing::error!(session = %asked.session, question = %id, ?error, "a question was not passed on");
    }
    Ok(question)
}

/// What follows from a question that is stored.
async fn publish_question_asked(app: &App, hot: &InstanceState, question: &Question) -> Result<(), Error> {
    let now = app.clock.now();
    let wanted = upvote_merge_target(app, hot, question).await;
    if question.assistant == AssistantStatus::Waiting {
        let job = AnswerQuestion { session: question.session, question: question.id };
        app.queues.send(&job, now).await?;
    }
    let asked = Event::QuestionAsked(Box::new(view::for_presenter(question.clone())));
    app.realtime.publish(Room::Presenter(question.session), asked, now).await?;
    tell::publish_question(app, question).await;
    let Some(into) = question.merged_into else { return wanted };
    // read again: it may have been answered by someone who did not see this one
    let same = questions::get(&app.store, question.session, into, now).await?;
    if let Some(reply) = same.and_then(|same| same.answer) {
        tell::publish_response(app, question, view::complete_response(question, reply)).await?;
    }
    wanted
}

/// Whoever asks what another one asks wants that one answered.
async fn upvote_merge_target(app: &App, hot: &InstanceState, question: &Question) -> Result<(), Error> {
    let Some(into) = question.merged_into else { return Ok(()) };
    match upvote::set_upvote(app, hot, question.session, into, question.participant, true).await {
        // hidden meanwhile
        Err(Error::NotFound(_)) => Ok(()),
        put => put,
    }
}

/// # Errors
/// `Invalid` where a slide is not one of the session's presentation.
async fn require_slide_of_session(app: &App, session: &Session, slide: SlideId) -> Result<(), Error> {
    if session.current_slide == Some(slide) {
        return Ok(());
    }
    let presentation = presentations::get(&app.store, session.presentation, app.clock.now()).await?;
    match presentation.and_then(|presentation| presentation.slides.index_of(slide)) {
        Some(_) => Ok(()),
        None => Err(Error::field("slide_id", "is no slide of this presentation")),
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
