//! Jobs of the assistant: what a model writes for a session.

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

/// More than the function's 210 s.
const LEASE: SignedDuration = SignedDuration::from_secs(220);

/// Answers of the assistant per participant and session (contract presentations A3.5).
const CALLS_PER_PARTICIPANT: u32 = 5;

/// The models of this deployment: `MODEL_PROVIDER`, `MODEL_NAME`, `MODEL_URL`, `MODEL_KEY`; and `MODEL_FALLBACK`, which is
/// asked when the first one fails: `extractive`, or `none`.
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
        _ => return Err(StartError::invalid("MODEL_FALLBACK", "is neither extractive nor none")),
    }
    Assistant::start(&settings).map_err(|why| StartError::invalid("MODEL_PROVIDER", why))
}

/// What the handlers of `worker-answers` work with. Cheap to clone.
#[derive(Clone)]
pub struct AnswersWorker {
    pub app: App,
    pub assistant: Assistant,
}

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

/// Takes a call out of the session's quota, and of whoever asks; a second delivery of a job takes it once.
///
/// # Errors
/// `SUBSCRIPTION_LIMIT_EXCEEDED` where there is none left.
async fn reserve_ai_call(
    app: &App,
    session: &Session,
    key: &str,
    asker: Option<ParticipantId>,
) -> Result<(), Error> {
    let limit = session.plan.limits().ai_calls_per_session;
    let asker = asker.map(|participant| (participant, CALLS_PER_PARTICIPANT));
    match plan_usage::reserve_ai_call(&app.store, session.id, key, limit, asker, app.clock.now()).await? {
        AiCallReservation::Reserved | AiCallReservation::AlreadyReserved => Ok(()),
        AiCallReservation::SessionQuotaExceeded(most) => Err(Error::Forbidden(
            ErrorCode::SubscriptionLimitExceeded,
            format!("the session has had its {most} calls of the assistant"),
        )),
        AiCallReservation::ParticipantQuotaExceeded(most) => Err(Error::Forbidden(
            ErrorCode::SubscriptionLimitExceeded,
            format!("the participant has had {most} answers of the assistant"),
        )),
    }
}

/// What a call took.
async fn record_ai_call(
    app: &App,
    session: SessionId,
    key: &str,
    origin: &CompletionOrigin,
) -> Result<(), Error> {
    let spent = AiCallCost {
        tokens_in: origin.usage.tokens_in,
        tokens_out: origin.usage.tokens_out,
        cost_micros: origin.usage.cost_micros.unwrap_or(0),
        provider: origin.provider.as_str().into(),
        model: origin.model.clone(),
    };
    Ok(plan_usage::record_ai_call(&app.store, session, key, &spent).await.map(drop)?)
}
