//! Drafts of messages, one for each member and channel, shared by the member's devices.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | CHAT-17 | the draft of a member in a channel | table | `CHAT#{user}` | `DRAFT#{channel}` | [`get`], [`put`], [`delete`] |
//! | CHAT-18 | all drafts of a member | table | `CHAT#{user}` | `DRAFT#…` | [`list`] |

use jiff::Timestamp;
use model::{ChannelId, MessageId, UserId};
use serde::{Deserialize, Serialize};

use crate::{
    Item, Key, Query, ReadConsistency, Store,
    dynamodb::{
        error::Result,
        key::{PartitionKey, SortKey, prefix},
    },
};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatDraft {
    pub user: UserId,
    pub channel: ChannelId,
    pub content: String,
    pub reply_to: Option<MessageId>,
    pub updated_at: Timestamp,
}

impl Item for ChatDraft {
    const KIND: &'static str = "draft";

    fn key(&self) -> Key {
        key(self.user, self.channel)
    }
}

fn key(user: UserId, channel: ChannelId) -> Key {
    Key::new(&PartitionKey::Chat(user), &SortKey::Draft(channel))
}

/// CHAT-17. Returns the draft of a member in a channel. Strong, because a member may continue on another device at
/// once.
pub async fn get(
    store: &Store,
    user: UserId,
    channel: ChannelId,
    now: Timestamp,
) -> Result<Option<ChatDraft>> {
    store.get(&key(user, channel), ReadConsistency::Strong, now).await
}

/// CHAT-17. Stores a draft. The last write wins, because all writers are devices of one member. 1 write unit for 1 KB.
pub async fn put(store: &Store, draft: &ChatDraft) -> Result<()> {
    store.put(draft).await
}

/// CHAT-17. Deletes a draft. 1 write unit.
pub async fn delete(store: &Store, user: UserId, channel: ChannelId) -> Result<()> {
    store.delete(&key(user, channel)).await
}

/// CHAT-18. Returns all drafts of a member. There is one for each channel, so
/// [`model::channel::MAX_CHANNELS_PER_MEMBER`] at most.
pub async fn list(store: &Store, user: UserId, now: Timestamp) -> Result<Vec<ChatDraft>> {
    store.query_all(Query::with_prefix(&PartitionKey::Chat(user), prefix::DRAFT).strong(), now).await
}
