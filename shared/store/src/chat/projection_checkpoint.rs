//! The position up to which a channel's messages were processed into mentions, replies and search terms.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | CHAT-10 | the processed message and the processed change of a channel | table | `CHANNEL#{channel}` | `FOLLOWED` | [`get`], [`get_many`], [`channel_progress`], [`advance`] |

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
    /// All messages up to this number are processed.
    #[serde(default)]
    pub seq: u64,
    /// All changes up to this number are processed.
    #[serde(default)]
    pub change: u64,
}

/// A log of a channel.
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

/// CHAT-10. Returns the checkpoint of a channel, with zeros if nothing was processed. Strong.
pub async fn get(store: &Store, channel: ChannelId, now: Timestamp) -> Result<ProjectionCheckpoint> {
    let followed: Option<ProjectionCheckpoint> =
        store.get(&key(channel), ReadConsistency::Strong, now).await?;
    Ok(followed.unwrap_or(ProjectionCheckpoint { channel, seq: 0, change: 0 }))
}

/// CHAT-10. Returns the checkpoints that exist, in no order.
pub async fn get_many(
    store: &Store,
    channels: &[ChannelId],
    now: Timestamp,
) -> Result<Vec<ProjectionCheckpoint>> {
    let keys: Vec<Key> = channels.iter().copied().map(key).collect();
    store.get_many(&keys, ReadConsistency::Eventual, now).await
}

/// The progress of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChannelProgress {
    pub channel: ChannelId,
    /// The number of its last message, 0 if there is none.
    pub seq: u64,
    /// The number of its last processed message.
    pub processed_seq: u64,
}

/// CHAT-10, CHAT-3. Returns the progress of all channels of an account, in the order of its memberships. The checkpoint
/// of each channel says where to look for its last number. One request for each hundred channels, and those of
/// [`messages::last_seqs`].
pub async fn channel_progress(
    store: &Store,
    memberships: &[Membership],
    consistency: ReadConsistency,
    now: Timestamp,
) -> Result<Vec<ChannelProgress>> {
    let channels: Vec<ChannelId> = memberships.iter().map(|membership| membership.channel).collect();
    let followed = get_many(store, &channels, now).await?;
    let followed: HashMap<ChannelId, u64> = followed.iter().map(|one| (one.channel, one.seq)).collect();
    let followed = |channel: ChannelId| followed.get(&channel).copied().unwrap_or(0);
    let known: Vec<(ChannelId, u64)> = memberships
        .iter()
        .map(|membership| (membership.channel, membership.known_seq().max(followed(membership.channel))))
        .collect();
    let heads = messages::last_seqs(store, &known, consistency, now).await?;
    let head =
        |(channel, seq): (ChannelId, u64)| ChannelProgress { channel, seq, processed_seq: followed(channel) };
    Ok(channels.into_iter().zip(heads).map(head).collect())
}

/// CHAT-10. Advances the checkpoint of a log to a number. It never moves back, so a late job changes nothing. 1 write
/// unit.
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
