//! Who is told what of a question.

use entry::App;
use model::{Error, Room};
use protocol::{Event, event::AiResponse};
use store::questions::{self, Question, Reply};

use super::view;

/// Tells all how a question is now; the presenter with the name of whoever asks. A failure is only logged: the change
/// stands, and GET shows it.
pub async fn changed(app: &App, question: &Question) {
    let now = app.clock.now();
    let (session, id) = (question.session, question.id);
    let audience = Event::QuestionUpdated(Box::new(view::for_audience(question.clone())));
    let presenter = Event::QuestionUpdated(Box::new(view::for_presenter(question.clone())));
    // the presenter's last: it says more under the same version
    let told = match app.rooms.publish(Room::Session(session), audience, now).await {
        Ok(()) => app.rooms.publish(Room::Presenter(session), presenter, now).await,
        failed => failed,
    };
    if let Err(error) = told {
        tracing::error!(%session, question = %id, ?error, "a question was not told");
    }
}

/// Tells whoever asked, and the presenter, what the answer is so far.
pub async fn answering(app: &App, question: &Question, response: AiResponse) -> Result<(), Error> {
    let now = app.clock.now();
    let event = Event::AiResponse(Box::new(response));
    let room = Room::Session(question.session);
    app.rooms.publish_to(room, question.participant.uuid(), event.clone(), now).await?;
    app.rooms.publish(Room::Presenter(question.session), event, now).await
}

/// Tells the answer to everyone who asked it: in these words, or in others that were merged into it.
pub async fn answered(app: &App, question: &Question, reply: &Reply) -> Result<(), Error> {
    let now = app.clock.now();
    let all = questions::list(&app.store, question.session, now).await?;
    let merged = all.iter().filter(|other| other.merged_into == Some(question.id));
    for asked in merged.chain([question]) {
        answering(app, asked, view::response(asked, reply.clone())).await?;
    }
    Ok(())
}
