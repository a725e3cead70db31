use std::time::Duration;

use ai::{AnswerCompletion, Assistant, EarlierExchange, question_key};
use entry::{App, run_once::run_once};
use futures::future::join;
use jiff::SignedDuration;
use model::{
    Error, ErrorCode, Room, SlideId,
    assistant::{AssistantStatus, Citation, CitationSource},
    question::{self as rules, QuestionStatus, QuestionTransition},
    session::AiAnswerMode,
};
use protocol::{Event, job::AnswerQuestion};
use store::{
    ReadConsistency,
    identity::plan_usage,
    sessions::{
        self, Session, answer_cache,
        questions::{self, Question, QuestionReply},
    },
};
use tokio::{
    sync::{oneshot, watch},
    time::timeout,
};

use super::{LEASE, record_ai_call, reserve_ai_call, talk};
use crate::questions::{tell, view};

/// A question that waits for a failing provider this long waits for the presenter.
const GIVE_UP_AFTER: SignedDuration = SignedDuration::from_mins(30);
/// An answer that grows is shown this often.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(300);

/// Has the assistant answer a question. The same wording is one call, whoever asks it and however often the job comes;
/// whoever has not been told yet is told by its second delivery.
pub async fn run(app: &App, assistant: &Assistant, job: &AnswerQuestion) -> Result<(), Error> {
    let now = app.clock.now();
    let found = questions::get(&app.store, job.session, job.question, now).await?;
    let Some(question) = found else { return Ok(()) };
    match question.assistant {
        AssistantStatus::Waiting => {}
        // the job once more: it may have broken off before it told
        AssistantStatus::Answered | AssistantStatus::Drafted => return publish_outcome(app, &question).await,
        AssistantStatus::Off | AssistantStatus::QuotaExceeded | AssistantStatus::Failed => return Ok(()),
    }
    let found = sessions::get(&app.store, job.session, ReadConsistency::Strong, now).await?;
    let Some(session) = found else { return Ok(()) };
    if session.ai_answers == AiAnswerMode::Off {
        return finish_question(app, &question, AssistantStatus::Off, None).await;
    }
    let wording = question_key(&rules::wording_key(&question.text));
    let name = format!("answer#{}#{wording}", session.id);
    // boxed: with the model's client in it, a debug build would need more than a thread's stack
    let writing = Box::pin(write_answer(app, assistant, &session, &question, &wording));
    match run_once(app, &name, LEASE, writing).await {
        Err(Error::Forbidden(ErrorCode::SubscriptionLimitExceeded, why)) => {
            tracing::info!(session = %session.id, question = %question.id, why, "no answer");
            return finish_question(app, &question, AssistantStatus::QuotaExceeded, None).await;
        }
        // what it is about is gone
        Err(Error::NotFound(_)) => {
            return finish_question(app, &question, AssistantStatus::Failed, None).await;
        }
        // a provider that has not answered by now is not asked for ever: the presenter still can
        Err(error) if error.is_retryable() && app.clock.now() > question.asked_at + GIVE_UP_AFTER => {
            tracing::error!(session = %session.id, question = %question.id, ?error, "given up");
            return finish_question(app, &question, AssistantStatus::Failed, None).await;
        }
        written => written?,
    }
    let reply = answer_cache::get(&app.store, session.id, &wording, app.clock.now()).await?;
    let reply = reply.ok_or_else(|| Error::internal("an answer that was written is not there"))?;
    // as the presenter has it now: the model may have taken minutes
    let became = match current_ai_answers(app, &session).await? {
        AiAnswerMode::Off => return finish_question(app, &question, AssistantStatus::Off, None).await,
        AiAnswerMode::OnApproval => AssistantStatus::Drafted,
        AiAnswerMode::Automatic => AssistantStatus::Answered,
    };
    finish_question(app, &question, became, Some(reply)).await
}

/// Who answers now.
async fn current_ai_answers(app: &App, session: &Session) -> Result<AiAnswerMode, Error> {
    let found = sessions::get(&app.store, session.id, ReadConsistency::Strong, app.clock.now()).await?;
    Ok(found.map_or(AiAnswerMode::Off, |session| session.ai_answers))
}

/// Writes what became of the question, and tells.
async fn finish_question(
    app: &App,
    question: &Question,
    became: AssistantStatus,
    reply: Option<QuestionReply>,
) -> Result<(), Error> {
    let now = app.clock.now();
    let changed = questions::change(&app.store, question.session, question.id, now, |question| {
        if question.assistant != AssistantStatus::Waiting {
            // answered by the presenter meanwhile
            return Ok::<_, model::Error>(false);
        }
        question.answer_by = None;
        question.assistant = became;
        match (became, question.status.apply(QuestionTransition::Answer)) {
            (AssistantStatus::Answered, Ok(status)) => {
                (question.status, question.answer) = (status, reply.clone());
            }
            // hidden meanwhile: for the presenter only
            (AssistantStatus::Answered | AssistantStatus::Drafted, _) => {
                (question.assistant, question.draft) = (AssistantStatus::Drafted, reply.clone());
            }
            _ => {}
        }
        Ok(true)
    })
    .await?;
    publish_outcome(app, &changed).await
}

/// Tells how a question is now, and the answer to whoever asked.
async fn publish_outcome(app: &App, question: &Question) -> Result<(), Error> {
    if let Some(reply) = &question.answer
        && question.status == QuestionStatus::Answered
    {
        tell::publish_answer(app, question, reply).await?;
    }
    tell::publish_question(app, question).await;
    Ok(())
}

/// Writes the answer to a wording, once.
async fn write_answer(
    app: &App,
    assistant: &Assistant,
    session: &Session,
    question: &Question,
    wording: &str,
) -> Result<(), Error> {
    let asked = load_prompt(app, session, question).await?;
    reserve_ai_call(app, session, wording, Some(question.participant)).await?;
    let (text, shown) = watch::channel(String::new());
    let (complete, written) = oneshot::channel();
    let answering = async move {
        let answer =
            assistant.answer_streaming(&asked, |so_far| drop(text.send_replace(so_far.into()))).await;
        drop((text, complete));
        answer
    };
    let (answer, ()) = join(answering, publish_progress(app, session, question, shown, written)).await;
    let AnswerCompletion { text, citations, origin } = match answer {
        Ok(answer) => answer,
        Err(error) => {
            plan_usage::release_ai_call(&app.store, session.id, wording, app.clock.now()).await?;
            return Err(error);
        }
    };
    record_ai_call(app, session.id, wording, &origin).await?;
    let reply = QuestionReply {
        text,
        provider: Some(origin.provider.as_str().into()),
        model: Some(origin.model),
        citations: citations.into_iter().map(citation_view).collect(),
        at: app.clock.now(),
    };
    Ok(answer_cache::put(&app.store, session.id, wording, &reply).await?)
}

async fn load_prompt(
    app: &App,
    session: &Session,
    question: &Question,
) -> Result<ai::QuestionContext, Error> {
    let now = app.clock.now();
    let (talk, _) = talk::load_talk(app, session, now).await?;
    let before = questions::list(&app.store, session.id, now).await?;
    let earlier = before
        .into_iter()
        .filter(|before| before.participant == question.participant && before.id != question.id)
        .filter_map(|before| Some(EarlierExchange { question: before.text, answer: before.answer?.text }))
        .collect();
    let current_slide = question.slide.map(|slide| slide.to_string());
    Ok(ai::QuestionContext { talk, current_slide, earlier, text: question.text.clone() })
}

/// Shows the answer as it grows, to whoever asked and the presenter; where the presenter is to approve it, to them only. A
/// post that fails is made good by the next one.
async fn publish_progress(
    app: &App,
    session: &Session,
    question: &Question,
    mut shown: watch::Receiver<String>,
    mut written: oneshot::Receiver<()>,
) {
    while shown.changed().await.is_ok() {
        let response = view::partial_response(question, shown.borrow_and_update().clone());
        let posted = match current_ai_answers(app, session).await {
            Ok(AiAnswerMode::Off) => Ok(()),
            Ok(AiAnswerMode::OnApproval) => {
                let event = Event::AiResponse(Box::new(response));
                app.realtime.publish(Room::Presenter(session.id), event, app.clock.now()).await
            }
            Ok(AiAnswerMode::Automatic) => tell::publish_response(app, question, response).await,
            Err(error) => Err(error),
        };
        if let Err(error) = posted {
            tracing::warn!(session = %session.id, question = %question.id, ?error, "a part of an answer was not told");
        }
        // the complete answer is not kept back by the pause
        if timeout(PROGRESS_INTERVAL, &mut written).await.is_ok() {
            return;
        }
    }
}

fn citation_view(citation: ai::CompletionCitation) -> Citation {
    match citation {
        ai::CompletionCitation::Notes { quote } => {
            Citation { source: CitationSource::Notes, slide_id: None, quote }
        }
        ai::CompletionCitation::Slide { slide_id, quote } => {
            let slide_id = slide_id.parse::<SlideId>().ok();
            Citation { source: CitationSource::Slide, slide_id, quote }
        }
    }
}
