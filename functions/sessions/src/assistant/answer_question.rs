use std::time::Duration;

use ai::{AnswerCompletion, Assistant, EarlierExchange, question_key};
use entry::{App, run_once::run_once};
use futures::future::join;
use jiff::SignedDuration;
use model::{
    Error, ErrorCode, Room, SlideId,
    assistant::{AssistantStatus, Citation, CitationSource},
    question::{QuestionStatus, QuestionTransition, wording_key},
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
use crate::questions::{publish, view};

/// The age at which a question stops waiting for a failing provider. The presenter can still answer it.
const GIVE_UP_AFTER: SignedDuration = SignedDuration::from_mins(30);
/// The interval at which an unfinished answer is published.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(300);

/// Answers a question with a model, and publishes the answer. Questions with the same wording share one call of the
/// model, also if a job is delivered again. A second delivery publishes an answer that the first one stored but did not
/// publish.
///
/// # Errors
/// Fails if the provider fails, until the question is 30 minutes old. Fails if the question cannot be read or written.
pub async fn run(app: &App, assistant: &Assistant, job: &AnswerQuestion) -> Result<(), Error> {
    let now = app.clock.now();
    let found = questions::get(&app.store, job.session, job.question, now).await?;
    let Some(question) = found else { return Ok(()) };
    match question.assistant {
        AssistantStatus::Waiting => {}
        // a second delivery: the first one may have failed before it published
        AssistantStatus::Answered | AssistantStatus::Drafted => return publish_outcome(app, &question).await,
        AssistantStatus::Off | AssistantStatus::QuotaExceeded | AssistantStatus::Failed => return Ok(()),
    }
    let found = sessions::get(&app.store, job.session, ReadConsistency::Strong, now).await?;
    let Some(session) = found else { return Ok(()) };
    if session.ai_answers == AiAnswerMode::Off {
        return finish_question(app, &question, AssistantStatus::Off, None).await;
    }
    let wording = question_key(&wording_key(&question.text));
    let name = format!("answer#{}#{wording}", session.id);
    // Boxed, because the future contains the client of the model. A debug build would overflow the stack of a thread.
    let writing = Box::pin(write_answer(app, assistant, &session, &question, &wording));
    match run_once(app, &name, LEASE, writing).await {
        Err(Error::Forbidden(ErrorCode::SubscriptionLimitExceeded, why)) => {
            tracing::info!(session = %session.id, question = %question.id, why, "a quota of the assistant is used up");
            return finish_question(app, &question, AssistantStatus::QuotaExceeded, None).await;
        }
        // the presentation does not exist any more
        Err(Error::NotFound(_)) => {
            return finish_question(app, &question, AssistantStatus::Failed, None).await;
        }
        // the provider has failed for too long; the presenter can still answer
        Err(error) if error.is_retryable() && app.clock.now() > question.asked_at + GIVE_UP_AFTER => {
            tracing::error!(session = %session.id, question = %question.id, ?error, "the assistant gave up on a question");
            return finish_question(app, &question, AssistantStatus::Failed, None).await;
        }
        written => written?,
    }
    let reply = answer_cache::get(&app.store, session.id, &wording, app.clock.now()).await?;
    let reply = reply.ok_or_else(|| Error::internal("a written answer is not stored"))?;
    // the setting is read again, because the model may have taken minutes
    let status = match current_ai_answers(app, &session).await? {
        AiAnswerMode::Off => return finish_question(app, &question, AssistantStatus::Off, None).await,
        AiAnswerMode::OnApproval => AssistantStatus::Drafted,
        AiAnswerMode::Automatic => AssistantStatus::Answered,
    };
    finish_question(app, &question, status, Some(reply)).await
}

/// Returns the current setting of the session for answers of the assistant.
async fn current_ai_answers(app: &App, session: &Session) -> Result<AiAnswerMode, Error> {
    let found = sessions::get(&app.store, session.id, ReadConsistency::Strong, app.clock.now()).await?;
    Ok(found.map_or(AiAnswerMode::Off, |session| session.ai_answers))
}

/// Stores the result of the assistant with the question, and publishes it.
async fn finish_question(
    app: &App,
    question: &Question,
    status: AssistantStatus,
    reply: Option<QuestionReply>,
) -> Result<(), Error> {
    let now = app.clock.now();
    let changed = questions::change(&app.store, question.session, question.id, now, |question| {
        if question.assistant != AssistantStatus::Waiting {
            // the presenter has answered in between
            return Ok::<_, model::Error>(false);
        }
        question.answer_by = None;
        question.assistant = status;
        match (status, question.status.apply(QuestionTransition::Answer)) {
            (AssistantStatus::Answered, Ok(answered)) => {
                question.status = answered;
                question.answer.clone_from(&reply);
            }
            // if the presenter has hidden the question in between, the answer becomes a draft for the presenter
            (AssistantStatus::Answered | AssistantStatus::Drafted, _) => {
                question.assistant = AssistantStatus::Drafted;
                question.draft.clone_from(&reply);
            }
            _ => {}
        }
        Ok(true)
    })
    .await?;
    publish_outcome(app, &changed).await
}

/// Publishes a question, and its answer to the participants who asked.
async fn publish_outcome(app: &App, question: &Question) -> Result<(), Error> {
    if let Some(reply) = &question.answer
        && question.status == QuestionStatus::Answered
    {
        publish::publish_answer(app, question, reply).await?;
    }
    publish::publish_question(app, question).await;
    Ok(())
}

/// Writes the answer to a wording, and stores it for all questions with that wording.
async fn write_answer(
    app: &App,
    assistant: &Assistant,
    session: &Session,
    question: &Question,
    wording: &str,
) -> Result<(), Error> {
    let prompt = load_prompt(app, session, question).await?;
    reserve_ai_call(app, session, wording, Some(question.participant)).await?;
    let (text_sender, text_receiver) = watch::channel(String::new());
    let (done_sender, done_receiver) = oneshot::channel();
    let answering = async move {
        let answer =
            assistant.answer_streaming(&prompt, |text| drop(text_sender.send_replace(text.into()))).await;
        drop((text_sender, done_sender));
        answer
    };
    let publishing = publish_progress(app, session, question, text_receiver, done_receiver);
    let (answer, ()) = join(answering, publishing).await;
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

/// Returns what the model may know. That is the talk, the question, and the earlier questions of the participant.
async fn load_prompt(
    app: &App,
    session: &Session,
    question: &Question,
) -> Result<ai::QuestionContext, Error> {
    let now = app.clock.now();
    let (talk, _) = talk::load_talk(app, session, now).await?;
    let all = questions::list(&app.store, session.id, now).await?;
    let earlier = all
        .into_iter()
        .filter(|other| other.participant == question.participant && other.id != question.id)
        .filter_map(|other| Some(EarlierExchange { question: other.text, answer: other.answer?.text }))
        .collect();
    let current_slide = question.slide.map(|slide| slide.to_string());
    Ok(ai::QuestionContext { talk, current_slide, earlier, text: question.text.clone() })
}

/// Publishes the unfinished answer to the participant who asked and to the presenter. If the presenter approves
/// answers, only the presenter receives it. A failure is only logged, because the next part contains the earlier ones.
async fn publish_progress(
    app: &App,
    session: &Session,
    question: &Question,
    mut text: watch::Receiver<String>,
    mut done: oneshot::Receiver<()>,
) {
    while text.changed().await.is_ok() {
        let response = view::partial_response(question, text.borrow_and_update().clone());
        let published = match current_ai_answers(app, session).await {
            Ok(AiAnswerMode::Off) => Ok(()),
            Ok(AiAnswerMode::OnApproval) => {
                let event = Event::AiResponse(Box::new(response));
                app.realtime.publish(Room::Presenter(session.id), event, app.clock.now()).await
            }
            Ok(AiAnswerMode::Automatic) => publish::publish_response(app, question, response).await,
            Err(error) => Err(error),
        };
        if let Err(error) = published {
            tracing::warn!(
                session = %session.id, question = %question.id, ?error, "publishing a part of an answer failed"
            );
        }
        // the pause ends as soon as the answer is complete
        if timeout(PROGRESS_INTERVAL, &mut done).await.is_ok() {
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
