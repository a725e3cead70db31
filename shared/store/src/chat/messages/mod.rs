//! Messages of channels: a log per channel, and another of what changed in it.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | X1 | one message | table | `MESSAGES#{channel}` | `NUMBER#{seq}` | [`get`], [`get_many`], [`append`], [`change`] |
//! | X2 | some of a channel, by number | table | `MESSAGES#{channel}` | `NUMBER#…` | [`between`], [`newest`], [`head`], [`look`] |
//! | X3 | how far many channels are | table | `MESSAGES#{channel}` | `NUMBER#{seq}` | [`heads`] |
//! | X4 | what changed in a channel | table | `CHANGES#{channel}` | `NUMBER#{change}` | [`change`], [`changes`], [`ends`], [`missed`] |
//! | X5 | what is pinned in a channel | table | `CHANNEL#{channel}` | `PIN#…` | [`pins`], [`pinned`], [`change`] |
//!
//! A message has the number after the one before it, and is put on the condition that nothing lies there. So there is no counter
//! that could disagree, no number is ever missing, and whoever has seen number n has seen all before it: the one who wrote it
//! had. Two who write at once want the same number; one of them takes the next. (A counter would be a second write per message,
//! and leave a gap where its writer died; ids by time would let a message appear in the past of someone who has read on.)

mod append;
mod change;
mod log_heads;
mod missed;
mod pins;

use std::collections::HashMap;

use jiff::Timestamp;
use model::{
    ChannelId, MessageId, UserId,
    message::{MessageAuthor, ReplyPreview},
};
use serde::{Deserialize, Serialize};

pub use self::{
    append::{AppendOutcome, DuplicateLookup, append, find_duplicate},
    change::{MessageChange, change, change_with_audit, list_changes},
    log_heads::last_seqs,
    missed::{MissedActivity, last_change_number, last_numbers, read_missed},
    pins::{MAX_PINS, MessagePin, list_pinned_messages, list_pins},
};
use crate::{
    Item, Key, Query, ReadConsistency, Store,
    dynamodb::{
        error::Result,
        key::{PartitionKey, SortKey},
    },
};

/// A message as it is now. What is not there is left out of the item: of its write unit, 1 KB, some 650 bytes are for the text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    pub channel: ChannelId,
    pub seq: u64,
    pub author: MessageAuthor,
    /// Empty once it is deleted.
    pub content: String,
    /// What its sender called it: a retry is not a second message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_msg_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<RepliedMessage>,
    /// Members whom it mentions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<MentionedMember>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reactions: Vec<StoredReaction>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edited_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pinned_at: Option<Timestamp>,
    /// From 1; grows with every change, and is what a message is written over by.
    pub version: u64,
    /// The number of its last change in the channel; 0 for none.
    pub change: u64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// What a message answers, with what stood there then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepliedMessage {
    pub seq: u64,
    pub preview: ReplyPreview,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MentionedMember {
    pub user: UserId,
    pub username: String,
}

/// Who reacted in one way, in the order in which they did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredReaction {
    pub emoji: String,
    pub users: Vec<UserId>,
}

impl Item for Message {
    const KIND: &'static str = "message";

    fn key(&self) -> Key {
        key(self.id())
    }
}

impl Message {
    /// One that has yet to get its number, by [`append`].
    pub const fn new(channel: ChannelId, author: MessageAuthor, content: String, now: Timestamp) -> Self {
        Self {
            channel,
            seq: 0,
            author,
            content,
            client_msg_id: None,
            reply_to: None,
            mentions: Vec::new(),
            reactions: Vec::new(),
            edited_at: None,
            deleted_at: None,
            pinned_at: None,
            version: 1,
            change: 0,
            created_at: now,
            updated_at: now,
        }
    }

    /// Whether it mentions somebody as it is now.
    pub fn is_mention_of(&self, user: UserId) -> bool {
        self.deleted_at.is_none() && self.mentions.iter().any(|one| one.user == user)
    }

    pub const fn id(&self) -> MessageId {
        MessageId { channel: self.channel, seq: self.seq }
    }
}

fn key(id: MessageId) -> Key {
    Key::new(&PartitionKey::Messages(id.channel), &SortKey::Number(id.seq))
}

/// X1. Strong: whoever changes it writes over what was read.
pub async fn get(store: &Store, id: MessageId, now: Timestamp) -> Result<Option<Message>> {
    store.get(&key(id), ReadConsistency::Strong, now).await
}

/// X1: those of them that are there, in the order in which they are asked for.
pub async fn get_many(
    store: &Store,
    ids: &[MessageId],
    freshness: ReadConsistency,
    now: Timestamp,
) -> Result<Vec<Message>> {
    let keys: Vec<Key> = ids.iter().copied().map(key).collect();
    let found: Vec<Message> = store.get_many(&keys, freshness, now).await?;
    let mut found: HashMap<MessageId, Message> = found.into_iter().map(|one| (one.id(), one)).collect();
    Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
}

/// X2: those with these numbers, both included, oldest first. As numbers have no gaps, that is as many as it says: one request
/// where they are 1 MB at most, as 100 of them are.
pub async fn list_range(
    store: &Store,
    channel: ChannelId,
    from: u64,
    to: u64,
    now: Timestamp,
) -> Result<Vec<Message>> {
    store.query_all(log_query(&PartitionKey::Messages(channel), from, to), now).await
}

/// X2: the last of a channel, so many of them, oldest first. One request; strong.
pub async fn list_newest(
    store: &Store,
    channel: ChannelId,
    limit: u64,
    now: Timestamp,
) -> Result<Vec<Message>> {
    let query = Query::partition(&PartitionKey::Messages(channel)).newest_first().strong();
    let mut found = store.page(query, usize::try_from(limit).unwrap_or(usize::MAX), None, now).await?.items;
    found.reverse();
    Ok(found)
}

/// X2: the number of the last message of a channel, 0 for none; [`heads`] is for many. Half a read unit.
pub async fn last_seq(
    store: &Store,
    channel: ChannelId,
    freshness: ReadConsistency,
    now: Timestamp,
) -> Result<u64> {
    let query = Query::partition(&PartitionKey::Messages(channel)).newest_first();
    let query = if freshness == ReadConsistency::Strong { query.strong() } else { query };
    let last: Option<Message> = store.page(query, 1, None, now).await?.items.pop();
    Ok(last.map_or(0, |last| last.seq))
}

/// A part of a log. Strong: whoever has just been told of the last number asks for it.
fn log_query(log: &PartitionKey<'_>, from: u64, to: u64) -> Query {
    Query::between(log, &(SortKey::Number(from).to_string(), SortKey::Number(to).to_string())).strong()
}

/// The highest number that a key holds.
const MAX_SEQ: u64 = 999_999_999_999;
