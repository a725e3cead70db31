//! Channels of the team, and the claims that keep their names unique.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | CHAT-6 | one channel, or several by their ids | table | `CHANNEL#{channel}` | `#` | [`get`], [`get_many`], [`create`], [`change`] |
//! | CHAT-7 | the channel of this name | table | `CHANNEL_NAME#{name}` | `#` | [`by_name`] |
//! | CHAT-8 | public channels, by name | gsi1 | `CHANNELS#` | name | [`page_public`] |
//! | CHAT-9 | the rows that remain of a deleted channel | table | `CHANNEL#{channel}` | `DELETED` | [`delete`](delete()), [`delete_rows`] |
//!
//! Their members are in [`crate::chat::memberships`].

mod change;
mod create;
mod delete;

use jiff::Timestamp;
use model::{
    ChannelId, UserId,
    channel::{ChannelKind, ChannelName},
};
use serde::{Deserialize, Serialize};

pub use self::{
    change::{ChannelChangeOutcome, change},
    create::{ChannelCreateOutcome, create},
    delete::{DeletedChannel, RemainingMembers, delete, delete_rows},
};
use crate::{
    Item, Key, Page, PageRequest, Query, ReadConsistency, Store,
    dynamodb::{
        error::Result,
        key::{Gsi1Partition, PartitionKey, SortKey},
    },
};

/// A channel as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Channel {
    pub id: ChannelId,
    pub channel_kind: ChannelKind,
    /// `None` in a direct channel.
    pub name: Option<ChannelName>,
    pub description: Option<String>,
    /// All members of the team are added when they first open the chat.
    pub is_default: bool,
    /// `None` in a default channel.
    pub created_by: Option<UserId>,
    /// Changes in the transactions that add or remove a member.
    pub member_count: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archived_at: Option<Timestamp>,
    pub created_at: Timestamp,
    /// When the channel's own properties last changed.
    pub updated_at: Timestamp,
    /// Optimistic-lock version. It starts at 1 and grows with every change of the channel's own properties, but not with
    /// its members.
    pub version: u64,
}

impl Item for Channel {
    const KIND: &'static str = "channel";

    fn key(&self) -> Key {
        key(self.id)
    }

    fn gsi1(&self) -> Option<(Gsi1Partition, String)> {
        let is_listed = self.channel_kind == ChannelKind::Public && self.archived_at.is_none();
        let name = self.name.as_ref().filter(|_| is_listed)?;
        Some((Gsi1Partition::Channels, name.folded()))
    }
}

/// The claim of a channel name, which belongs to one channel, in every spelling.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ChannelNameClaim {
    pub(crate) name: ChannelName,
    pub(crate) channel: ChannelId,
}

impl Item for ChannelNameClaim {
    const KIND: &'static str = "channel_name_claim";

    fn key(&self) -> Key {
        name_key(&self.name)
    }
}

pub(crate) fn key(channel: ChannelId) -> Key {
    Key::new(&PartitionKey::Channel(channel), &SortKey::Self_)
}

pub(crate) fn name_key(name: &ChannelName) -> Key {
    Key::new(&PartitionKey::ChannelName(&name.folded()), &SortKey::Self_)
}

/// CHAT-6. Returns a channel.
pub async fn get(
    store: &Store,
    channel: ChannelId,
    consistency: ReadConsistency,
    now: Timestamp,
) -> Result<Option<Channel>> {
    store.get(&key(channel), consistency, now).await
}

/// CHAT-6. Returns the channels that exist, in no order.
pub async fn get_many(store: &Store, channels: &[ChannelId], now: Timestamp) -> Result<Vec<Channel>> {
    let keys: Vec<Key> = channels.iter().copied().map(key).collect();
    store.get_many(&keys, ReadConsistency::Eventual, now).await
}

/// CHAT-7. Returns the channel of a name. Strong, because a member looks for a channel right after creating it.
pub async fn by_name(store: &Store, name: &ChannelName, now: Timestamp) -> Result<Option<ChannelId>> {
    let claim: Option<ChannelNameClaim> = store.get(&name_key(name), ReadConsistency::Strong, now).await?;
    Ok(claim.map(|claim| claim.channel))
}

/// CHAT-8. Returns a page of public channels that are not archived, by name.
pub async fn page_public(store: &Store, request: &PageRequest, now: Timestamp) -> Result<Page<Channel>> {
    store.page(Query::gsi1(&Gsi1Partition::Channels), request, now).await
}
