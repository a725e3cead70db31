use std::collections::BTreeSet;

use jiff::Timestamp;
use model::{ChannelId, MessageId, message::ChannelPosition};

use super::{MAX_SEQ, Message, MessageChange, change::newest_change, get_many, last_seq, log_query};
use crate::{
    Item, ReadConsistency, Store,
    dynamodb::{error::Result, key::PartitionKey},
};

/// What happened in a channel since then.
#[derive(Debug, PartialEq, Eq)]
pub struct MissedActivity {
    /// New ones and those that changed, as they are now, by number; `None` where they are too many, or too long ago.
    pub messages: Option<Vec<Message>>,
    /// The last numbers of both logs.
    pub seq: u64,
    pub change: u64,
}

/// X2, X4: what somebody missed who has a channel up to there, at most so many of each. Strong throughout: whoever is in the room
/// before they ask misses nothing between the two.
pub async fn read_missed(
    store: &Store,
    channel: ChannelId,
    since: Option<ChannelPosition>,
    most: u64,
    now: Timestamp,
) -> Result<MissedActivity> {
    let (log, change_log) = (PartitionKey::Messages(channel), PartitionKey::Changes(channel));
    let (seq, change) = last_numbers(store, channel, now).await?;
    let Some(since) = since else { return Ok(MissedActivity { messages: Some(Vec::new()), seq, change }) };
    // a client that is ahead of the log has another one's numbers
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
        // the first of them are forgotten
        return Ok(MissedActivity { messages: None, seq, change });
    }
    // read after their changes were, so that none is older than its change
    let ids: BTreeSet<MessageId> = changes.iter().map(MessageChange::message).collect();
    let ids: Vec<MessageId> = ids.into_iter().collect();
    let anew = get_many(store, &ids, ReadConsistency::Strong, now).await?;
    let mut messages: Vec<Message> =
        new.into_iter().filter(|one| !ids.contains(&one.id())).chain(anew).collect();
    messages.sort_by_key(|message| message.seq);
    Ok(MissedActivity { messages: Some(messages), seq, change })
}

/// X2, X4: the last numbers of both logs of a channel. Strong: what is read afterwards is at least as new. 2 read units.
pub async fn last_numbers(store: &Store, channel: ChannelId, now: Timestamp) -> Result<(u64, u64)> {
    futures::try_join!(
        last_seq(store, channel, ReadConsistency::Strong, now),
        last_change_number(store, channel)
    )
}

/// X4: the number of the last change in a channel, 0 for none. 1 read unit.
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
