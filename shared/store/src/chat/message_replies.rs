//! Replies to a message. A job derives the rows from messages.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | CHAT-15 | replies to a message, oldest first | table | `REPLIES#{message}` | `NUMBER#…` | [`put`], [`page`] |

use jiff::Timestamp;
use model::MessageId;
use serde::{Deserialize, Serialize};

use crate::{
    Item, Key, Page, PageRequest, Query, Store,
    dynamodb::{
        error::Result,
        key::{PartitionKey, SortKey, prefix},
    },
};

/// A reply to another message of the same channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageReply {
    /// The message that it replies to.
    #[serde(rename = "to")]
    pub replied_to: MessageId,
    pub seq: u64,
}

impl Item for MessageReply {
    const KIND: &'static str = "message_reply";

    fn key(&self) -> Key {
        Key::new(&PartitionKey::Replies(self.replied_to), &SortKey::Number(self.seq))
    }
}

impl MessageReply {
    /// Returns the id of the reply itself.
    pub const fn message(&self) -> MessageId {
        MessageId { channel: self.replied_to.channel, seq: self.seq }
    }
}

/// CHAT-15. Stores a reply. Idempotent, because a reply never changes what it replies to. 1 write unit.
pub async fn put(store: &Store, reply: MessageReply) -> Result<()> {
    store.put(&reply).await
}

/// CHAT-15. Returns a page of replies, oldest first.
pub async fn page(
    store: &Store,
    to: MessageId,
    request: &PageRequest,
    now: Timestamp,
) -> Result<Page<MessageReply>> {
    store.page(Query::with_prefix(&PartitionKey::Replies(to), prefix::NUMBER), request, now).await
}
