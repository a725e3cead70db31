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
use crate::{channels::announce, place, view::message_view};

/// New messages, and changes, that are replayed (contract chat 1.5): a day of a lively channel.
const MAX_REPLAYED: u64 = 200;
/// Messages of one `channel_changes`, and its bytes: half of what API Gateway takes in one post.
const MAX_CHUNK_MESSAGES: usize = 20;
const MAX_CHUNK_BYTES: usize = 64 * 1024;

/// Tells a connection of a channel from now on, and what it missed. It is in the room before what it missed is read: what happens
/// in between it hears at least once. 1 write unit; 2 read units, and those of what is told.
pub(super) async fn run(
    app: &App,
    connection: &Connection,
    join: &JoinChannelCommand,
    now: Timestamp,
) -> Result<(), Error> {
    let user = connected_teammate(connection)?;
    let channel = join.channel_id;
    place::find_membership(app, user, channel).await?;
    let still = announce::subscribe_sockets(app, user, &[channel], slice::from_ref(connection)).await?;
    if !still.contains(&channel) {
        return Err(Error::NotFound("channel"));
    }
    let MissedActivity { messages, seq, change } =
        messages::read_missed(&app.store, channel, join.since(), MAX_REPLAYED, now).await?;
    let Some(messages) = messages else {
        let resync = Event::ResyncRequired(ResyncRequired { channel_id: channel, seq, change });
        return app.realtime.send_event(connection, resync, now).await.map(drop);
    };
    let replayed = messages.len();
    for messages in replay_chunks(messages.iter().map(|message| message_view(message, None)))? {
        let changes = Event::ChannelChanges(ReplayedMessages { channel_id: channel, messages });
        if app.realtime.send_event(connection, changes, now).await? == PostOutcome::Gone {
            return Ok(());
        }
    }
    let joined = Event::ChannelJoined(ChannelJoined { channel_id: channel, seq, change, replayed });
    app.realtime.send_event(connection, joined, now).await.map(drop)
}

/// As many as fit into one post each; one that is larger than that alone by itself: it was posted so when it was sent.
fn replay_chunks(messages: impl Iterator<Item = MessageView>) -> Result<Vec<Vec<MessageView>>, Error> {
    let (mut chunks, mut bytes): (Vec<Vec<MessageView>>, usize) = (Vec::new(), 0);
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
