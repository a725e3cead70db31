//! Publishes questions and answers to the clients that may see them.

use entry::App;
use model::{Error, Room};
use protocol::{
    Event,
    event::{AiResponse, QuestionView},
};
use store::sessions::questions::{self, Question, QuestionReply};

use super::view;

/// Publishes a question to the session, and with the name of the participant to the presenter. A failure is only
/// logged. The change is stored, and GET returns it.
pub async fn publish_question(app: &App, question: &Question) {
    // the presenter's event comes last, because it has more fields under the same version
    log_failure(question, publish_to_audience(app, question).await);
    log_failure(question, publish_to_presenter(app, question).await);
}

/// Publishes a changed question to the clients that see a difference. Publishes nothing if only the version changed.
pub async fn publish_difference(app: &App, before: &Question, after: &Question) {
    let differs = |view: fn(Question) -> QuestionView| {
        view(before.clone()) != QuestionView { version: before.version, ..view(after.clone()) }
    };
    if differs(view::for_audience) {
        publish_question(app, after).await;
    } else if differs(view::for_presenter) {
        log_failure(after, publish_to_presenter(app, after).await);
    }
}

async fn publish_to_audience(app: &App, question: &Question) -> Result<(), Error> {
    let event = Event::QuestionUpdated(Box::new(view::for_audience(question.clone())));
    app.realtime.publish(Room::Session(question.session), event, app.clock.now()).await
}

async fn publish_to_presenter(app: &App, question: &Question) -> Result<(), Error> {
    let event = Event::QuestionUpdated(Box::new(view::for_presenter(question.clone())));
    app.realtime.publish(Room::Presenter(question.session), event, app.clock.now()).await
}

fn log_failure(question: &Question, published: Result<(), Error>) {
    if let Err(error) = published {
        tracing::error!(session = %question.session, question = %question.id, ?error, "publishing a question failed");
    }
}

/// Publishes an answer, complete or in part, to the participant who asked and to the presenter.
///
/// # Errors
/// Fails if the event can neither be posted nor queued.
pub async fn publish_response(app: &App, question: &Question, response: AiResponse) -> Result<(), Error> {
    let now = app.clock.now();
    let event = Event::AiResponse(Box::new(response));
    let room = Room::Session(question.session);
    app.realtime.publish_to_holder(room, question.participant.uuid(), event.clone(), now).await?;
    app.realtime.publish(Room::Presenter(question.session), event, now).await
}

/// Publishes the complete answer to every participant who asked the question or a question that was merged into it.
///
/// # Errors
/// Fails if the questions cannot be read, or if an event can neither be posted nor queued.
pub async fn publish_answer(app: &App, question: &Question, reply: &QuestionReply) -> Result<(), Error> {
    if !question.has_merged {
        return publish_response(app, question, view::complete_response(question, reply.clone())).await;
    }
    let all = questions::list_strong(&app.store, question.session, app.clock.now()).await?;
    let merged = all.iter().filter(|other| other.merged_into == Some(question.id));
    for answered in merged.chain([question]) {
        publish_response(app, answered, view::complete_response(answered, reply.clone())).await?;
    }
    Ok(())
}
