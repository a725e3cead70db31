//! Deletion of a channel.
//!
//! One transaction deletes the channel for everyone. The channel is no longer found, its name is free, and a marker
//! says that its rows must be deleted. Members and their memberships are deleted next. Messages follow after a minute,
//! when concurrent writers have finished, with all rows derived from them. They are deleted in several runs. The marker
//! is deleted last. If a run dies, the clock starts another one.

use std::collections::BTreeSet;

use futures::{StreamExt, TryStreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use model::{ChannelId, MessageId, UserId};
use serde::{Deserialize, Serialize};

use super::{Channel, key, name_key};
use crate::{
    ConditionExpression, Item, Key, Query, ReadConsistency, Store, TransactWrite, WriteOutcome,
    chat::{
        memberships::membership_key,
        mentions,
        messages::Message,
        search_terms::{self, TermBlock},
    },
    dynamodb::{
        error::Result,
        key::{PartitionKey, SortKey, prefix},
    },
};

/// The number of concurrent deletions.
const CONCURRENT_DELETES: usize = 16;
/// Rows that one run deletes, which takes a few seconds.
const ROWS_PER_RUN: i32 = 1_000;
/// Messages that one run deletes. Each has about 10 rows of words and mentions.
const MESSAGES_PER_RUN: i32 = 100;
/// The time after which no request or job that began before the deletion still writes into the channel.
const SETTLE_PERIOD: SignedDuration = SignedDuration::from_mins(1);

/// Marks that a channel was deleted, and that its rows are being deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeletedChannel {
    pub id: ChannelId,
    pub deleted_at: Timestamp,
}

impl Item for DeletedChannel {
    const KIND: &'static str = "deleted_channel";

    fn key(&self) -> Key {
        deleted_key(self.id)
    }

    fn due(&self) -> Option<Timestamp> {
        Some(self.deleted_at + SETTLE_PERIOD)
    }
}

fn deleted_key(channel: ChannelId) -> Key {
    Key::new(&PartitionKey::Channel(channel), &SortKey::DeletedMarker)
}

/// The condition on the members of a channel that is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RemainingMembers {
    Any,
    /// Any, and the properties of the channel have not changed since it was read.
    AnyIfUnchanged,
    /// The caller is the only member, and no member has been added since the channel was read.
    OnlyCaller,
}

/// CHAT-6, CHAT-7, CHAT-9. Deletes a channel. The condition fails if there is no such channel, or `by` does not hold.
/// 6 write units, and 2 for indexes.
pub async fn delete(
    store: &Store,
    channel: &Channel,
    by: RemainingMembers,
    now: Timestamp,
) -> Result<WriteOutcome> {
    let condition = match by {
        RemainingMembers::Any => ConditionExpression::exists(),
        RemainingMembers::AnyIfUnchanged => {
            ConditionExpression::new("version = :before").number(":before", channel.version)
        }
        RemainingMembers::OnlyCaller => ConditionExpression::new("member_count = :one").number(":one", 1),
    };
    let marker = DeletedChannel { id: channel.id, deleted_at: now };
    let mut writes = vec![
        ("channel", TransactWrite::delete(key(channel.id), condition)),
        ("marker", TransactWrite::put(&marker, ConditionExpression::default())?),
    ];
    if let Some(name) = &channel.name {
        let owned = ConditionExpression::new("channel = :id").text(":id", channel.id);
        writes.push(("name", TransactWrite::delete(name_key(name), owned)));
    }
    Ok(store.transact(writes).await?.into())
}

#[derive(Deserialize)]
struct ChannelRowKey {
    pk: String,
    sk: String,
}

/// CHAT-9. Deletes rows of a deleted channel in one run. Returns whether there is nothing more to delete now.
/// Memberships are deleted first, and messages a minute after the deletion. 1 write unit for each row.
pub async fn delete_rows(store: &Store, channel: ChannelId, now: Timestamp) -> Result<bool> {
    if !delete_channel_rows(store, channel).await? {
        return Ok(false);
    }
    let deleted = store.get::<DeletedChannel>(&deleted_key(channel), ReadConsistency::Strong, now).await?;
    if deleted.is_some_and(|deleted| deleted.deleted_at + SETTLE_PERIOD > now) {
        // The marker becomes due again after the period.
        return Ok(true);
    }
    if !delete_message_rows(store, channel, now).await? || !delete_change_rows(store, channel).await? {
        return Ok(false);
    }
    store.delete(&deleted_key(channel)).await?;
    Ok(true)
}

/// Deletes members with their memberships and drafts, pins and the projection checkpoint.
async fn delete_channel_rows(store: &Store, channel: ChannelId) -> Result<bool> {
    let (rows, is_all) = first_rows(store, &PartitionKey::Channel(channel)).await?;
    let members = rows.iter().filter_map(|row| row.sk.strip_prefix(prefix::MEMBER)?.parse().ok());
    let member_keys = members.flat_map(|user: UserId| {
        [membership_key(user, channel), Key::new(&PartitionKey::Chat(user), &SortKey::Draft(channel))]
    });
    // Deleted before the rows that name them, so that another run still finds them.
    delete_keys(store, member_keys.collect()).await?;
    let deleted = SortKey::DeletedMarker.to_string();
    delete_keys(store, keys(rows.into_iter().filter(|row| row.sk != deleted))).await?;
    Ok(is_all)
}

/// Deletes messages with the rows derived from them: replies, words, mentions. Words that an edit removed from a
/// message are no longer known, and their rows stay.
async fn delete_message_rows(store: &Store, channel: ChannelId, now: Timestamp) -> Result<bool> {
    let query = Query::partition(&PartitionKey::Messages(channel)).strong().limit(MESSAGES_PER_RUN);
    let (found, next) = store.query_once(query).await?;
    // A message that cannot be parsed is deleted too.
    let messages: Vec<Message> =
        found.iter().filter_map(|item| crate::dynamodb::item::from_attributes(item.clone()).ok()).collect();
    let rows = found
        .into_iter()
        .map(crate::dynamodb::item::from_attributes)
        .collect::<Result<Vec<ChannelRowKey>>>()?;
    // Deleted before the messages that name them, so that another run still finds them.
    delete_keys(store, derived_keys(channel, &messages)).await?;
    delete_keys(store, reply_keys(store, channel, &messages, now).await?).await?;
    delete_keys(store, keys(rows)).await?;
    Ok(next.is_none())
}

/// Returns the keys of the words and mentions of messages. Messages of one block share the rows of their words.
fn derived_keys(channel: ChannelId, messages: &[Message]) -> Vec<Key> {
    let mut words = BTreeSet::new();
    let mut mentions = Vec::new();
    for message in messages {
        let page = TermBlock::containing(message.seq, message.created_at);
        words.extend(search_terms::terms_of(&message.content).into_iter().map(|word| (word, page)));
        let key = |user| mentions::key(user, message.id(), message.created_at);
        mentions.extend(message.mentions.iter().map(|mentioned| key(mentioned.user)));
    }
    let words = words.iter().map(|(word, page)| search_terms::key(word, channel, page));
    words.chain(mentions).collect()
}

async fn delete_change_rows(store: &Store, channel: ChannelId) -> Result<bool> {
    let (rows, is_all) = first_rows(store, &PartitionKey::Changes(channel)).await?;
    delete_keys(store, keys(rows)).await?;
    Ok(is_all)
}

/// Returns the first rows of a partition, and whether these are all.
async fn first_rows(store: &Store, partition: &PartitionKey<'_>) -> Result<(Vec<ChannelRowKey>, bool)> {
    let query = Query::partition(partition).strong().project("pk, sk").limit(ROWS_PER_RUN);
    let (rows, next) = store.query_once(query).await?;
    Ok((rows.into_iter().map(crate::dynamodb::item::from_attributes).collect::<Result<_>>()?, next.is_none()))
}

fn keys(rows: impl IntoIterator<Item = ChannelRowKey>) -> Vec<Key> {
    rows.into_iter().map(|ChannelRowKey { pk, sk }| Key { pk, sk }).collect()
}

/// Returns the keys of the reply index of the messages that these messages reply to.
async fn reply_keys(
    store: &Store,
    channel: ChannelId,
    messages: &[Message],
    now: Timestamp,
) -> Result<Vec<Key>> {
    let answered: BTreeSet<u64> = messages.iter().filter_map(|message| message.reply_to).collect();
    let found: Vec<Vec<ChannelRowKey>> = stream::iter(answered)
        .map(|seq| {
            let query =
                Query::partition(&PartitionKey::Replies(MessageId { channel, seq })).project("pk, sk");
            store.query_all(query, now)
        })
        .buffer_unordered(CONCURRENT_DELETES)
        .try_collect()
        .await?;
    Ok(keys(found.into_iter().flatten()))
}

async fn delete_keys(store: &Store, keys: Vec<Key>) -> Result<()> {
    stream::iter(keys)
        .map(|key| async move { store.delete(&key).await })
        .buffer_unordered(CONCURRENT_DELETES)
        .try_collect()
        .await
}
