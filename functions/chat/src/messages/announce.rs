//! Who is told of a message. It is stored by then: what fails here is logged and fails nothing, since the next message of the
//! channel, or whoever opens it next, brings what was missed.

use entry::App;
use jiff::Timestamp;
use model::{ChannelId, Error, Room};
use protocol::{Event, event::chat::MessageDeleted, job::ProcessMessages};
use store::chat::messages::Message;

use crate::view::message_view;

/// A message that is new, or was sent once more.
pub(super) async fn publish_new(app: &App, message: &Message) {
    let event = Event::NewMessage(Box::new(message_view(message, None)));
    let (followed, ()) =
        futures::join!(enqueue_processing(app, message), publish_or_log(app, message.channel, event));
    log_failure(message.channel, "followed", followed);
}

/// A message that says something else now.
pub(super) async fn publish_edited(app: &App, message: &Message) {
    let (followed, ()) = futures::join!(enqueue_processing(app, message), publish_changed(app, message));
    log_failure(message.channel, "followed", followed);
}

/// A message of which something else than its words changed.
pub(super) async fn publish_changed(app: &App, message: &Message) {
    publish_or_log(app, message.channel, Event::MessageEdited(Box::new(message_view(message, None)))).await;
}

pub(super) async fn publish_deleted(
    app: &App,
    message: &Message,
    deleted_at: Timestamp,
    deleted_by: String,
    reason: Option<String>,
) {
    let event = Event::MessageDeleted(MessageDeleted {
        message_id: message.id(),
        channel_id: message.channel,
        seq: message.seq,
        version: message.version,
        change: message.change,
        deleted_by,
        deleted_at,
        reason,
    });
    publish_or_log(app, message.channel, event).await;
}

pub(super) async fn publish_or_log(app: &App, channel: ChannelId, event: Event) {
    let told = app.realtime.publish(Room::Channel(channel), event, app.clock.now()).await;
    log_failure(channel, "told", told);
}

/// Has done what follows from a message.
pub(crate) async fn enqueue_processing(app: &App, message: &Message) -> Result<(), Error> {
    let Message { channel, seq, version, change, .. } = *message;
    let job = ProcessMessages { channel, seq, version, change, tries: 0 };
    app.queues.send(&job, app.clock.now()).await
}

fn log_failure(channel: ChannelId, what: &str, done: Result<(), Error>) {
    if let Err(error) = done {
        tracing::error!(%channel, ?error, "a message was not {what}");
    }
}
