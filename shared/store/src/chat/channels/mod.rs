//! Channels of the team, and the claims that keep their names unique.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | Y1 | one channel | table | `CHANNEL#{channel}` | `#` | [`get`], [`get_many`], [`create`], [`change`] |
//! | Y2 | the channel of this name | table | `CHANNEL_NAME#{name}` | `#` | [`by_name`] |
//! | Y3 | public channels, by name | gsi1 | `CHANNELS#` | name | [`page`] |
//! | Y5 | what is left of a deleted channel | table | `CHANNEL#{channel}` | `DELETED` | [`delete`](delete()), [`clear`] |
//!
//! Who is in them is in [`crate::chat::memberships`].

mod change;
mod create;
mod delete;

use jiff::Timestamp;
use model::{
    ChannelId, Error, ErrorCode, UserId,
    channel::{ChannelKind, ChannelName},
};
use serde::{Deserialize, Serialize};

pub use self::{
    change::{ChannelChangeOutcome, change},
    create::{ChannelCreateOutcome, create},
    delete::{DeletedChannel, RemainingMembers, delete, delete_rows},
};
use crate::{
    Item, Key, Page, Query, ReadConsistency, Store,
    dynamodb::{
        error::Result,
        key::{Gsi1Partition, PartitionKey, SortKey},
    },
};

/// A channel as it lies in the table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Channel {
    pub id: ChannelId,
    pub channel_kind: ChannelKind,
    /// `None` of a direct one.
    pub name: Option<ChannelName>,
    pub description: Option<String>,
    /// Everyone of the team is in it from the start.
    pub is_default: bool,
    /// `None` of a default one.
    pub created_by: Option<UserId>,
    /// Changes with who is in it, in the same transaction.
    pub member_count: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archived_at: Option<Timestamp>,
    pub created_at: Timestamp,
    /// Moves with every change of what the channel is, not of who is in it: what it is written over by.
    pub updated_at: Timestamp,
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

impl Channel {
    /// Nothing changes in an archived channel but that it is archived.
    ///
    /// # Errors
    /// `CHANNEL_ARCHIVED`
    pub fn check_not_archived(&self) -> Result<(), Error> {
        match self.archived_at {
            None => Ok(()),
            Some(_) => Err(Error::conflict(ErrorCode::ChannelArchived, "the channel is archived")),
        }
    }
}

/// A name belongs to one channel, in every spelling.
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

/// Y1.
pub async fn get(
    store: &Store,
    channel: ChannelId,
    freshness: ReadConsistency,
    now: Timestamp,
) -> Result<Option<Channel>> {
    store.get(&key(channel), freshness, now).await
}

/// Y1: those of them that are there, in no order.
pub async fn get_many(store: &Store, channels: &[ChannelId], now: Timestamp) -> Result<Vec<Channel>> {
    let keys: Vec<Key> = channels.iter().copied().map(key).collect();
    store.get_many(&keys, ReadConsistency::Eventual, now).await
}

/// Y2. Strong: whoever has just made one looks for it.
pub async fn by_name(store: &Store, name: &ChannelName, now: Timestamp) -> Result<Option<ChannelId>> {
    let claim: Option<ChannelNameClaim> = store.get(&name_key(name), ReadConsistency::Strong, now).await?;
    Ok(claim.map(|claim| claim.channel))
}

/// Y3: public channels that are not archived.
pub async fn page_public(
    store: &Store,
    limit: usize,
    cursor: Option<&str>,
    now: Timestamp,
) -> Result<Page<Channel>> {
    store.page(Query::gsi1(&Gsi1Partition::Channels), limit, cursor, now).await
}
