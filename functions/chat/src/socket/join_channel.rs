use std::slice;

use entry::App;
use jiff::Timestamp;
use model::Error;
use protocol::{
    Event,
    command::JoinChannelCommand,
    event::chat::{ChannelJoined, MessageView, ReplayedMessages, ResyncRequired},
};
use realtime::connection_post::PostOutcome;
use store::{
    chat::messages::{self, MissedActivity},
    realtime::connections::Connection,
};

use super::connected_teammate;
use crate::{
    channels::subscriptions,
    membership_update::find_membership,
    view::{ReplyPreviews, message_view},
};

/// The most new messages, and the most changes, that are replayed (contract chat 1.5). A lively channel has as many in
/// a day.
const MAX_REPLAYED: u64 = 200;
/// The most messages of one `channel_changes`.
const MAX_CHUNK_MESSAGES: usize = 20;
/// The most bytes of one `channel_changes`. This is half of what API Gateway takes in one post.
const MAX_CHUNK_BYTES: usize = 64 * 1024;

/// Subscribes a connection to a channel, and sends the messages that it missed. The connection is subscribed before the
/// missed messages are read, so that it gets every later message at least once. Costs 1 write unit, 2 read units, and
/// the read units of the missed messages.
///
/// # Errors
/// `NotFound` if the user is not a member.
pub(super) async fn run(
    app: &App,
    connection: &Connection,
    command: &JoinChannelCommand,
    now: Timestamp,
) -> Result<(), Error> {
    let user = connected_teammate(connection)?;
    let channel = command.channel_id;
    find_membership(app, user, channel).await?;
    let joined = subscriptions::subscribe_sockets(app, user, &[channel], slice::from_ref(connection)).await?;
    if !joined.contains(&channel) {
        return Err(Error::NotFound("channel"));
    }
    let MissedActivity { messages, seq, change } =
        messages::read_missed(&app.store, channel, command.since(), MAX_REPLAYED, now).await?;
    let Some(messages) = messages else {
        let resync = Event::ResyncRequired(ResyncRequired { channel_id: channel, seq, change });
        return app.realtime.send_event(connection, resync, now).await.map(drop);
    };
    let replayed = messages.len();
    let previews = ReplyPreviews::load_unless_known(app, &messages, &messages).await?;
    for messages in replay_chunks(messages.iter().map(|message| message_view(message, &previews, None)))? {
        let changes = Event::ChannelChanges(ReplayedMessages { channel_id: channel, messages });
        if app.realtime.send_event(connection, changes, now).await? == PostOutcome::Gone {
            return Ok(());
        }
    }
    let joined = Event::ChannelJoined(ChannelJoined { channel_id: channel, seq, change, replayed });
    app.realtime.send_event(connection, joined, now).await.map(drop)
}

/// Splits messages into chunks that fit into one post each. A message that exceeds the limit gets a chunk of its own,
/// because it was posted in one frame when it was sent.
fn replay_chunks(messages: impl Iterator<Item = MessageView>) -> Result<Vec<Vec<MessageView>>, Error> {
    let mut chunks: Vec<Vec<MessageView>> = Vec::new();
    let mut bytes = 0;
    for message in messages {
        let size = serde_json::to_vec(&message).map_err(Error::internal)?.len() + 1;
        let has_room = chunks
            .last()
            .is_some_and(|chunk| chunk.len() < MAX_CHUNK_MESSAGES && bytes + size <= MAX_CHUNK_BYTES);
        if !has_room {
            chunks.push(Vec::new());
            bytes = 0;
        }
        bytes += size;
        if let Some(chunk) = chunks.last_mut() {
            chunk.push(message);
        }
    }
    Ok(chunks)
}
