//! What someone has begun to write, per channel, on all their devices.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | F3 | someone's draft of a channel | table | `CHAT#{user}` | `DRAFT#{channel}` | [`get`], [`put`], [`clear`] |
//! | F4 | someone's drafts | table | `CHAT#{user}` | `DRAFT#…` | [`all`] |

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

/// F3. Strong: whoever turns from the phone to the desk goes on.
pub async fn get(
    store: &Store,
    user: UserId,
    channel: ChannelId,
    now: Timestamp,
) -> Result<Option<ChatDraft>> {
    store.get(&key(user, channel), ReadConsistency::Strong, now).await
}

/// F3: the last one to write wins: it is one person. 1 write unit for 1 KB.
pub async fn put(store: &Store, draft: &ChatDraft) -> Result<()> {
    store.put(draft).await
}

/// F3. 1 write unit.
pub async fn delete(store: &Store, user: UserId, channel: ChannelId) -> Result<()> {
    store.delete(&key(user, channel)).await
}

/// F4: all of them; one a channel, so [`model::channel::MOST_CHANNELS`] at most.
pub async fn list(store: &Store, user: UserId, now: Timestamp) -> Result<Vec<ChatDraft>> {
    store.query_all(Query::with_prefix(&PartitionKey::Chat(user), prefix::DRAFT).strong(), now).await
}
