//! Publishes messages and their changes to the channel. The message is stored already, so a failure is logged and the
//! request does not fail. The next message of the channel, or the next client that opens it, brings what was missed.

use entry::App;
use jiff::Timestamp;
use model::{ChannelId, Error, Room};
use protocol::{Event, event::chat::MessageDeleted, job::ProcessMessages};
use store::chat::messages::Message;

use crate::view::{ReplyPreviews, load_view, message_view};

/// Publishes a message that is new or was sent again, and enqueues its processing.
pub(super) async fn publish_new(app: &App, message: &Message, previews: &ReplyPreviews) {
    let event = Event::NewMessage(Box::new(message_view(message, previews, None)));
    let (enqueued, ()) =
        futures::join!(enqueue_processing(app, message), publish_or_log(app, message.channel, event));
    log_failure(message.channel, "the job of a message was not sent", enqueued);
}

/// Publishes a message whose text was edited, and enqueues its processing.
pub(super) async fn publish_edited(app: &App, message: &Message) {
    let (enqueued, ()) = futures::join!(enqueue_processing(app, message), publish_changed(app, message));
    log_failure(message.channel, "the job of an edited message was not sent", enqueued);
}

/// Publishes a message that changed otherwise, for example was pinned. The change needs no processing.
pub(super) async fn publish_changed(app: &App, message: &Message) {
    match load_view(app, message, None).await {
        Ok(view) => publish_or_log(app, message.channel, Event::MessageEdited(Box::new(view))).await,
        Err(error) => {
            log_failure(message.channel, "the replied message was not read", Err(error.into()));
        }
    }
}

/// Publishes that a message was deleted.
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

/// Publishes an event to a channel, or logs that this failed.
pub(super) async fn publish_or_log(app: &App, channel: ChannelId, event: Event) {
    let published = app.realtime.publish(Room::Channel(channel), event, app.clock.now()).await;
    log_failure(channel, "an event of a message was not published", published);
}

/// Sends the job that processes a message: its mentions, the replies index and the search index.
pub(crate) async fn enqueue_processing(app: &App, message: &Message) -> Result<(), Error> {
    let Message { channel, seq, version, change, .. } = *message;
    let job = ProcessMessages { channel, seq, version, change, tries: 0 };
    app.queues.send(&job, app.clock.now()).await
}

fn log_failure(channel: ChannelId, failure: &str, result: Result<(), Error>) {
    if let Err(error) = result {
        tracing::error!(%channel, ?error, "{failure}");
    }
}
