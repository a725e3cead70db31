//! Messages of channels. A channel has a log of messages, and a log of their changes.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | CHAT-1 | one message, or several by their ids | table | `MESSAGES#{channel}` | `NUMBER#{seq}` | [`get`], [`get_many`], [`append`], [`change`] |
//! | CHAT-2 | messages of a channel, by number | table | `MESSAGES#{channel}` | `NUMBER#…` | [`list_range`], [`list_newest`], [`last_seq`], [`find_duplicate`], [`read_missed`] |
//! | CHAT-3 | the last numbers of many channels | table | `MESSAGES#{channel}` | `NUMBER#{seq}` | [`last_seqs`] |
//! | CHAT-4 | changes of a channel's messages | table | `CHANGES#{channel}` | `NUMBER#{change}` | [`change`], [`list_changes`], [`last_numbers`], [`last_change_number`] |
//! | CHAT-5 | pinned messages of a channel | table | `CHANNEL#{channel}` | `PIN#…` | [`list_pins`], [`list_pinned_messages`], [`change`] |
//!
//! A message gets the number after the last one, and is written on the condition that the number is free. So no counter
//! can differ from the log, and no number is missing. A client that has seen number n has seen all numbers before it,
//! because the writer of n had. Two concurrent writers want the same number, and one of them takes the next.
//!
//! A counter would be a second write for each message, and would leave a gap if its writer died. Ids by time would
//! insert a message before messages that a client has already read.

mod append;
mod change;
mod log_heads;
mod missed;
mod pins;

use std::collections::HashMap;

use jiff::Timestamp;
use model::{ChannelId, MessageId, UserId, message::MessageAuthor};
use serde::{Deserialize, Serialize};

pub use self::{
    append::{AppendOutcome, DuplicateLookup, append, find_duplicate},
    change::{MessageChange, change, change_with_audit, list_changes},
    log_heads::last_seqs,
    missed::{MissedActivity, last_change_number, last_numbers, read_missed},
    pins::{MAX_PINS, MessagePin, list_pinned_messages, list_pins},
};
use crate::{
    Item, Key, PageRequest, Query, ReadConsistency, Store,
    dynamodb::{
        error::Result,
        key::{PartitionKey, SortKey},
    },
};

/// A message as it is now. Absent fields are left out of the item. About 650 bytes of its write unit of 1 KB are left
/// for the text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    pub channel: ChannelId,
    pub seq: u64,
    pub author: MessageAuthor,
    /// Empty after the message was deleted.
    pub content: String,
    /// The id that the sender's client chose, by which retries are detected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_msg_id: Option<String>,
    /// The number of the message that this one replies to. A copy of that message's text is not stored, because it
    /// would survive the text's deletion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<u64>,
    /// The members that the message mentions.
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
    /// Optimistic-lock version. It starts at 1 and grows with every change.
    pub version: u64,
    /// The number of the message's last change in the channel, 0 if there is none.
    pub change: u64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MentionedMember {
    pub user: UserId,
    pub username: String,
}

/// A reaction, with the accounts that chose it, oldest first.
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
    /// Creates a message without a number. [`append`] sets the number.
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

    /// Whether the message mentions this account now.
    pub fn is_mention_of(&self, user: UserId) -> bool {
        self.deleted_at.is_none() && self.mentions.iter().any(|one| one.user == user)
    }

    pub const fn id(&self) -> MessageId {
        MessageId { channel: self.channel, seq: self.seq }
    }

    /// Returns the id of the message that this one replies to.
    pub fn replied_id(&self) -> Option<MessageId> {
        self.reply_to.map(|seq| MessageId { channel: self.channel, seq })
    }
}

fn key(id: MessageId) -> Key {
    Key::new(&PartitionKey::Messages(id.channel), &SortKey::Number(id.seq))
}

/// CHAT-1. Returns a message. Strong, because a change replaces the message as it was read.
pub async fn get(store: &Store, id: MessageId, now: Timestamp) -> Result<Option<Message>> {
    store.get(&key(id), ReadConsistency::Strong, now).await
}

/// CHAT-1. Returns the messages that exist, in the order of `ids`.
pub async fn get_many(
    store: &Store,
    ids: &[MessageId],
    consistency: ReadConsistency,
    now: Timestamp,
) -> Result<Vec<Message>> {
    let keys: Vec<Key> = ids.iter().copied().map(key).collect();
    let found: Vec<Message> = store.get_many(&keys, consistency, now).await?;
    let mut found: HashMap<MessageId, Message> = found.into_iter().map(|one| (one.id(), one)).collect();
    Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
}

/// CHAT-2. Returns the messages from one number to another, both included, oldest first. Numbers have no gaps, so the
/// range says how many they are. One request reads 1 MB at most, which is 100 messages.
pub async fn list_range(
    store: &Store,
    channel: ChannelId,
    from: u64,
    to: u64,
    now: Timestamp,
) -> Result<Vec<Message>> {
    store.query_all(log_query(&PartitionKey::Messages(channel), from, to), now).await
}

/// CHAT-2. Returns the last `limit` messages of a channel, oldest first. One strong request.
pub async fn list_newest(
    store: &Store,
    channel: ChannelId,
    limit: u64,
    now: Timestamp,
) -> Result<Vec<Message>> {
    let query = Query::partition(&PartitionKey::Messages(channel)).newest_first().strong();
    let page = PageRequest::internal(usize::try_from(limit).unwrap_or(usize::MAX));
    let mut found = store.page(query, &page, now).await?.items;
    found.reverse();
    Ok(found)
}

/// CHAT-2. Returns the number of the last message, 0 if there is none. For many channels there is [`last_seqs`]. 0.5
/// read units.
pub async fn last_seq(
    store: &Store,
    channel: ChannelId,
    consistency: ReadConsistency,
    now: Timestamp,
) -> Result<u64> {
    let query = Query::partition(&PartitionKey::Messages(channel)).newest_first();
    let query = if consistency == ReadConsistency::Strong { query.strong() } else { query };
    let last: Option<Message> = store.page(query, &PageRequest::internal(1), now).await?.items.pop();
    Ok(last.map_or(0, |last| last.seq))
}

/// Queries a range of a log. Strong, because a client asks for a number right after it was published.
fn log_query(log: &PartitionKey<'_>, from: u64, to: u64) -> Query {
    Query::between(log, &(SortKey::Number(from).to_string(), SortKey::Number(to).to_string())).strong()
}

/// The highest number that a key can hold.
const MAX_SEQ: u64 = 999_999_999_999;
