//! Which messages answer another one. Rows follow from messages: a job writes them.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | F1 | answers to a message, oldest first | table | `REPLIES#{message}` | `NUMBER#…` | [`put`], [`page`] |

use jiff::Timestamp;
use model::MessageId;
use serde::{Deserialize, Serialize};

use crate::{
    Item, Key, Page, Query, Store,
    dynamodb::{
        error::Result,
        key::{PartitionKey, SortKey, prefix},
    },
};

/// That a message answers another one of its channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageReply {
    /// What it answers.
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
    /// The answer itself.
    pub const fn message(&self) -> MessageId {
        MessageId { channel: self.replied_to.channel, seq: self.seq }
    }
}

/// F1: what a message answers never changes, so that it is the same row however often it is put. 1 write unit.
pub async fn put(store: &Store, reply: MessageReply) -> Result<()> {
    store.put(&reply).await
}

/// F1.
pub async fn page(
    store: &Store,
    to: MessageId,
    limit: usize,
    cursor: Option<&str>,
    now: Timestamp,
) -> Result<Page<MessageReply>> {
    store.page(Query::with_prefix(&PartitionKey::Replies(to), prefix::NUMBER), limit, cursor, now).await
}
