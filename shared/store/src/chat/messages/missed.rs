use std::collections::BTreeSet;

use jiff::Timestamp;
use model::{ChannelId, MessageId, message::ChannelPosition};

use super::{MAX_SEQ, Message, MessageChange, change::newest_change, get_many, last_seq, log_query};
use crate::{
    Item, ReadConsistency, Store,
    dynamodb::{error::Result, key::PartitionKey},
};

/// What happened in a channel since a position.
#[derive(Debug, PartialEq, Eq)]
pub struct MissedActivity {
    /// New and changed messages by number, as they are now. `None` if there are too many, or the position is too old.
    pub messages: Option<Vec<Message>>,
    /// The last numbers of both logs.
    pub seq: u64,
    pub change: u64,
}

/// CHAT-2, CHAT-4. Returns what a client missed since a position, at most `most` messages and `most` changes. All reads
/// are strong, so a client that has joined the room before this read misses nothing.
pub async fn read_missed(
    store: &Store,
    channel: ChannelId,
    since: Option<ChannelPosition>,
    most: u64,
    now: Timestamp,
) -> Result<MissedActivity> {
    let log = PartitionKey::Messages(channel);
    let change_log = PartitionKey::Changes(channel);
    let (seq, change) = last_numbers(store, channel, now).await?;
    let Some(since) = since else { return Ok(MissedActivity { messages: Some(Vec::new()), seq, change }) };
    // A client that is ahead of the log has the numbers of another log.
    let changes_from = since.change.unwrap_or(change);
    let is_ahead = since.seq > seq || changes_from > change;
    if is_ahead || seq - since.seq > most || change - changes_from > most {
        return Ok(MissedActivity { messages: None, seq, change });
    }
    let (new, changes) = futures::try_join!(
        read_range::<Message>(store, &log, since.seq, seq, now),
        read_range::<MessageChange>(store, &change_log, changes_from, change, now)
    )?;
    if (changes.len() as u64) < change - changes_from {
        // The first of the changes have expired.
        return Ok(MissedActivity { messages: None, seq, change });
    }
    // Messages are read after their changes, so that no message is older than its change.
    let ids: BTreeSet<MessageId> = changes.iter().map(MessageChange::message).collect();
    let ids: Vec<MessageId> = ids.into_iter().collect();
    let updated = get_many(store, &ids, ReadConsistency::Strong, now).await?;
    let mut messages: Vec<Message> =
        new.into_iter().filter(|one| !ids.contains(&one.id())).chain(updated).collect();
    messages.sort_by_key(|message| message.seq);
    Ok(MissedActivity { messages: Some(messages), seq, change })
}

/// CHAT-2, CHAT-4. Returns the last numbers of both logs of a channel. Strong, so that later reads are at least as new.
/// 2 read units.
pub async fn last_numbers(store: &Store, channel: ChannelId, now: Timestamp) -> Result<(u64, u64)> {
    futures::try_join!(
        last_seq(store, channel, ReadConsistency::Strong, now),
        last_change_number(store, channel)
    )
}

/// CHAT-4. Returns the number of the last change in a channel, 0 if there is none. 1 read unit.
pub async fn last_change_number(store: &Store, channel: ChannelId) -> Result<u64> {
    Ok(newest_change(store, channel).await?.map_or(0, |last| last.number))
}

async fn read_range<T: Item>(
    store: &Store,
    log: &PartitionKey<'_>,
    after: u64,
    to: u64,
    now: Timestamp,
) -> Result<Vec<T>> {
    if after >= to {
        return Ok(Vec::new());
    }
    store.query_all(log_query(log, after + 1, to.min(MAX_SEQ)), now).await
}
