//! How far what follows from the messages of a channel has been done: mentions, answers, words.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | Y4 | up to which message, and which change, it is done | table | `CHANNEL#{channel}` | `FOLLOWED` | [`get`], [`get_many`], [`heads`], [`advance`] |

use std::collections::HashMap;

use jiff::Timestamp;
use model::ChannelId;
use serde::{Deserialize, Serialize};

use crate::{
    Item, Key, ReadConsistency, Store, UpdateExpression, WriteOutcome,
    chat::{memberships::Membership, messages},
    dynamodb::{
        error::Result,
        key::{PartitionKey, SortKey},
    },
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectionCheckpoint {
    pub channel: ChannelId,
    /// Of every message up to this number it is done.
    #[serde(default)]
    pub seq: u64,
    /// And of every change up to this one.
    #[serde(default)]
    pub change: u64,
}

/// One of the two logs of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChannelLog {
    Messages,
    Changes,
}

impl Item for ProjectionCheckpoint {
    const KIND: &'static str = "projection_checkpoint";

    fn key(&self) -> Key {
        key(self.channel)
    }
}

fn key(channel: ChannelId) -> Key {
    Key::new(&PartitionKey::Channel(channel), &SortKey::ProjectionCheckpoint)
}

/// Y4. Strong, and 0 where nothing is done.
pub async fn get(store: &Store, channel: ChannelId, now: Timestamp) -> Result<ProjectionCheckpoint> {
    let followed: Option<ProjectionCheckpoint> =
        store.get(&key(channel), ReadConsistency::Strong, now).await?;
    Ok(followed.unwrap_or(ProjectionCheckpoint { channel, seq: 0, change: 0 }))
}

/// Y4: those of them of which something is done, in no order.
pub async fn get_many(
    store: &Store,
    channels: &[ChannelId],
    now: Timestamp,
) -> Result<Vec<ProjectionCheckpoint>> {
    let keys: Vec<Key> = channels.iter().copied().map(key).collect();
    store.get_many(&keys, ReadConsistency::Eventual, now).await
}

/// How far a channel that somebody is in has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChannelProgress {
    pub channel: ChannelId,
    /// The number of its last message, 0 for none.
    pub seq: u64,
    /// Up to which what follows is done.
    pub processed_seq: u64,
}

/// Y4, X3: how far all channels of somebody are, in the order of their places: what was followed of each says where to look. A
/// request for each hundred of them, and those of [`messages::heads`].
pub async fn channel_progress(
    store: &Store,
    places: &[Membership],
    freshness: ReadConsistency,
    now: Timestamp,
) -> Result<Vec<ChannelProgress>> {
    let channels: Vec<ChannelId> = places.iter().map(|place| place.channel).collect();
    let followed = get_many(store, &channels, now).await?;
    let followed: HashMap<ChannelId, u64> = followed.iter().map(|one| (one.channel, one.seq)).collect();
    let followed = |channel: ChannelId| followed.get(&channel).copied().unwrap_or(0);
    let known: Vec<(ChannelId, u64)> =
        places.iter().map(|place| (place.channel, place.known_seq().max(followed(place.channel)))).collect();
    let heads = messages::last_seqs(store, &known, freshness, now).await?;
    let head =
        |(channel, seq): (ChannelId, u64)| ChannelProgress { channel, seq, processed_seq: followed(channel) };
    Ok(channels.into_iter().zip(heads).map(head).collect())
}

/// Y4: it is done up to that number of that log; only ever forwards, whoever is late. 1 write unit.
pub async fn advance(
    store: &Store,
    channel: ChannelId,
    log: ChannelLog,
    number: u64,
) -> Result<WriteOutcome> {
    let field = match log {
        ChannelLog::Messages => "seq",
        ChannelLog::Changes => "change",
    };
    let change = UpdateExpression::new("SET #done = :done, channel = :channel, kind = :kind, v = :v")
        .with_condition("attribute_not_exists(#done) OR #done < :done")
        .name("#done", field)
        .number(":done", number)
        .text(":channel", channel)
        .text(":kind", ProjectionCheckpoint::KIND)
        .number(":v", ProjectionCheckpoint::VERSION);
    store.update_without_return(&key(channel), change).await
}
