//! The jobs of the assistant, in which a model writes texts for a session.
//!
//! | job | file |
//! | --- | --- |
//! | `answer_question` | [`answer_question`] |
//! | `generate_slide` | [`generate_slide`] |
//!
//! [`talk`] selects what a model may know of a presentation.

pub mod answer_question;
pub mod generate_slide;
pub mod talk;

use ai::{Assistant, AssistantSettings, CompletionOrigin, ProviderModel};
use entry::{
    App, Environment, StartError,
    worker::{JobTable, handler},
};
use jiff::SignedDuration;
use model::{Error, ErrorCode, ParticipantId, SessionId};
use protocol::job::{AnswerQuestion, GenerateSlide};
use store::{
    identity::plan_usage::{self, AiCallCost, AiCallReservation},
    sessions::Session,
};

/// Longer than the timeout of the function, 210 s.
const LEASE: SignedDuration = SignedDuration::from_secs(220);

/// Calls of the assistant per participant and session (contract presentations A3.5).
const CALLS_PER_PARTICIPANT: u32 = 5;

/// Creates the assistant of this deployment from the settings `MODEL_PROVIDER`, `MODEL_NAME`, `MODEL_URL` and
/// `MODEL_KEY`. If a call fails, the fallback of `MODEL_FALLBACK` answers, which is `extractive` or `none`.
///
/// # Errors
/// Fails if a setting is invalid.
pub fn assistant_from_environment(environment: &Environment) -> Result<Assistant, StartError> {
    let provider = environment.get("MODEL_PROVIDER").unwrap_or("extractive");
    let key = environment.get("MODEL_KEY").map(Into::into);
    let model =
        ProviderModel::new(provider, environment.get("MODEL_NAME"), key, environment.get("MODEL_URL"))
            .map_err(|why| StartError::invalid("MODEL_PROVIDER", why))?;
    let mut settings = AssistantSettings::new(model);
    match environment.get("MODEL_FALLBACK").unwrap_or("extractive") {
        "extractive" => {}
        "none" => settings.fallback = None,
        _ => return Err(StartError::invalid("MODEL_FALLBACK", "must be `extractive` or `none`")),
    }
    Assistant::start(&settings).map_err(|why| StartError::invalid("MODEL_PROVIDER", why))
}

/// The state of the handlers of `worker-answers`. Cheap to clone.
#[derive(Clone)]
pub struct AnswersWorker {
    pub app: App,
    pub assistant: Assistant,
}

/// Returns the jobs of `worker-answers` with their handlers.
pub fn jobs() -> JobTable<AnswersWorker> {
    JobTable::new([
        handler(|worker: AnswersWorker, job: AnswerQuestion| async move {
            answer_question::run(&worker.app, &worker.assistant, &job).await
        }),
        handler(|worker: AnswersWorker, job: GenerateSlide| async move {
            generate_slide::run(&worker.app, &worker.assistant, &job).await
        }),
    ])
}

/// Reserves a call from the quotas of the session and of the participant who asked. A second delivery of a job reserves
/// nothing more.
///
/// # Errors
/// `SUBSCRIPTION_LIMIT_EXCEEDED` if a quota is used up.
async fn reserve_ai_call(
    app: &App,
    session: &Session,
    key: &str,
    participant: Option<ParticipantId>,
) -> Result<(), Error> {
    let limit = session.plan.limits().ai_calls_per_session;
    let participant = participant.map(|participant| (participant, CALLS_PER_PARTICIPANT));
    match plan_usage::reserve_ai_call(&app.store, session.id, key, limit, participant, app.clock.now())
        .await?
    {
        AiCallReservation::Reserved | AiCallReservation::AlreadyReserved => Ok(()),
        AiCallReservation::SessionQuotaExceeded(limit) => Err(Error::Forbidden(
            ErrorCode::SubscriptionLimitExceeded,
            format!("the session has used its {limit} calls of the assistant"),
        )),
        AiCallReservation::ParticipantQuotaExceeded(limit) => Err(Error::Forbidden(
            ErrorCode::SubscriptionLimitExceeded,
            format!("the participant has used their {limit} calls of the assistant"),
        )),
    }
}

/// Stores the tokens and the cost of a call.
async fn record_ai_call(
    app: &App,
    session: SessionId,
    key: &str,
    origin: &CompletionOrigin,
) -> Result<(), Error> {
    let cost = AiCallCost {
        tokens_in: origin.usage.tokens_in,
        tokens_out: origin.usage.tokens_out,
        cost_micros: origin.usage.cost_micros.unwrap_or(0),
        provider: origin.provider.as_str().into(),
        model: origin.model.clone(),
    };
    Ok(plan_usage::record_ai_call(&app.store, session, key, &cost).await.map(drop)?)
}
