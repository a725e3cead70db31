//! Who is told what of a question.

use entry::App;
use model::{Error, Room};
use protocol::{
    Event,
    event::{AiResponse, QuestionView},
};
use store::sessions::questions::{self, Question, QuestionReply};

use super::view;

/// Tells all how a question is now; the presenter with the name of whoever asks. A failure is only logged: the change
/// stands, and GET shows it.
pub async fn publish_question(app: &App, question: &Question) {
    // the presenter's last: it says more under the same version
    log_failure(question, publish_to_audience(app, question).await);
    log_failure(question, publish_to_presenter(app, question).await);
}

/// Tells a change to those who can see it: what only the presenter sees only to the presenter, and nothing where nothing
/// changed.
pub async fn publish_difference(app: &App, before: &Question, after: &Question) {
    let differ = |view: fn(Question) -> QuestionView| {
        view(before.clone()) != QuestionView { version: before.version, ..view(after.clone()) }
    };
    if differ(view::for_audience) {
        publish_question(app, after).await;
    } else if differ(view::for_presenter) {
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

fn log_failure(question: &Question, told: Result<(), Error>) {
    if let Err(error) = told {
        tracing::error!(session = %question.session, question = %question.id, ?error, "a question was not told");
    }
}

/// Tells whoever asked, and the presenter, what the answer is so far.
pub async fn publish_response(app: &App, question: &Question, response: AiResponse) -> Result<(), Error> {
    let now = app.clock.now();
    let event = Event::AiResponse(Box::new(response));
    let room = Room::Session(question.session);
    app.realtime.publish_to_holder(room, question.participant.uuid(), event.clone(), now).await?;
    app.realtime.publish(Room::Presenter(question.session), event, now).await
}

/// Tells the answer to everyone who asked it: in these words, or in others that were merged into it.
pub async fn publish_answer(app: &App, question: &Question, reply: &QuestionReply) -> Result<(), Error> {
    if !question.has_merged {
        return publish_response(app, question, view::complete_response(question, reply.clone())).await;
    }
    let all = questions::list_strong(&app.store, question.session, app.clock.now()).await?;
    let merged = all.iter().filter(|other| other.merged_into == Some(question.id));
    for asked in merged.chain([question]) {
        publish_response(app, asked, view::complete_response(asked, reply.clone())).await?;
    }
    Ok(())
}
