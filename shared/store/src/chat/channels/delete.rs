//! The end of a channel.
//!
//! With one transaction it is gone for everyone: nobody finds it, its name is free, and a row says that it has to be cleared away.
//! Its members and their places go next. Then, once whoever was at it has done, what was written goes with what leads to it, some
//! rows at a time and as often as it takes; the row that says so goes last. Whatever breaks off is taken up again by the clock.

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

/// Deletions under way at once.
const CONCURRENT_DELETES: usize = 16;
/// Rows that are cleared in one go: a few seconds.
const ROWS_PER_RUN: i32 = 1_000;
/// Messages that are cleared in one go, each with its words and mentions: some 10 rows.
const MESSAGES_PER_RUN: i32 = 100;
/// Whoever was writing into it when it went has written by then, and whoever followed what was written.
const SETTLE_PERIOD: SignedDuration = SignedDuration::from_mins(1);

/// That a channel is gone, and its rows are being cleared away.
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

/// Who may still be in a channel that is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RemainingMembers {
    Any,
    /// By the one who deletes it: nobody was added meanwhile.
    OnlyCaller,
}

/// Y1, Y2, Y5: there is no such channel any more. `Refused` where there was none, or others are in it. 6 write units, and 2 for indexes.
pub async fn delete(
    store: &Store,
    channel: &Channel,
    by: RemainingMembers,
    now: Timestamp,
) -> Result<WriteOutcome> {
    let condition = match by {
        RemainingMembers::Any => ConditionExpression::exists(),
        RemainingMembers::OnlyCaller => ConditionExpression::new("member_count = :one").number(":one", 1),
    };
    let mut writes = vec![
        TransactWrite::delete(key(channel.id), condition),
        TransactWrite::put(
            &DeletedChannel { id: channel.id, deleted_at: now },
            ConditionExpression::default(),
        )?,
    ];
    if let Some(name) = &channel.name {
        let ours = ConditionExpression::new("channel = :id").text(":id", channel.id);
        writes.push(TransactWrite::delete(name_key(name), ours));
    }
    Ok(match store.transact(writes).await? {
        Ok(()) => WriteOutcome::Applied(()),
        Err(_) => WriteOutcome::ConditionFailed,
    })
}

#[derive(Deserialize)]
struct ChannelRowKey {
    pk: String,
    sk: String,
}

/// Y5: deletes some of what is left of a deleted channel, and says whether that was all that goes now: members, who have no place
/// in it any more, and after [`SETTLE_PERIOD`] the rest. 1 write unit a row.
pub async fn delete_rows(store: &Store, channel: ChannelId, now: Timestamp) -> Result<bool> {
    if !delete_channel_rows(store, channel).await? {
        return Ok(false);
    }
    let deleted = store.get::<DeletedChannel>(&deleted_key(channel), ReadConsistency::Strong, now).await?;
    if deleted.is_some_and(|deleted| deleted.deleted_at + SETTLE_PERIOD > now) {
        // it falls due once more
        return Ok(true);
    }
    if !delete_message_rows(store, channel, now).await? || !delete_change_rows(store, channel).await? {
        return Ok(false);
    }
    store.delete(&deleted_key(channel)).await?;
    Ok(true)
}

/// Members with their places, pins, how far it was followed.
async fn delete_channel_rows(store: &Store, channel: ChannelId) -> Result<bool> {
    let (rows, is_all) = first_rows(store, &PartitionKey::Channel(channel)).await?;
    let members = rows.iter().filter_map(|row| row.sk.strip_prefix(prefix::MEMBER)?.parse().ok());
    let theirs = members.flat_map(|user: UserId| {
        [membership_key(user, channel), Key::new(&PartitionKey::Chat(user), &SortKey::Draft(channel))]
    });
    // before the rows that name them
    delete_keys(store, theirs.collect()).await?;
    let deleted = SortKey::DeletedMarker.to_string();
    delete_keys(store, keys(rows.into_iter().filter(|row| row.sk != deleted))).await?;
    Ok(is_all)
}

/// Messages, with what was made of them: answers, words, mentions. Words that an edit took out of a message are not known any more.
async fn delete_message_rows(store: &Store, channel: ChannelId, now: Timestamp) -> Result<bool> {
    let query = Query::partition(&PartitionKey::Messages(channel)).strong().limit(MESSAGES_PER_RUN);
    let (found, next) = store.query_once(query).await?;
    // one that cannot be read goes all the same
    let messages: Vec<Message> =
        found.iter().filter_map(|item| crate::dynamodb::item::from_attributes(item.clone()).ok()).collect();
    let rows = found
        .into_iter()
        .map(crate::dynamodb::item::from_attributes)
        .collect::<Result<Vec<ChannelRowKey>>>()?;
    // before the messages that name them
    delete_keys(store, derived_keys(channel, &messages)).await?;
    delete_keys(store, reply_keys(store, channel, &messages, now).await?).await?;
    delete_keys(store, keys(rows)).await?;
    Ok(next.is_none())
}

/// Rows of words and mentions. Words of messages that are near share one.
fn derived_keys(channel: ChannelId, messages: &[Message]) -> Vec<Key> {
    let (mut words, mut mentions) = (BTreeSet::new(), Vec::new());
    for message in messages {
        let page = TermBlock::containing(message.seq, message.created_at);
        words.extend(search_terms::terms_of(&message.content).into_iter().map(|word| (word, page.clone())));
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

/// Some rows of a part, and whether these are all.
async fn first_rows(store: &Store, part: &PartitionKey<'_>) -> Result<(Vec<ChannelRowKey>, bool)> {
    let query = Query::partition(part).strong().project("pk, sk").limit(ROWS_PER_RUN);
    let (rows, next) = store.query_once(query).await?;
    Ok((rows.into_iter().map(crate::dynamodb::item::from_attributes).collect::<Result<_>>()?, next.is_none()))
}

fn keys(rows: impl IntoIterator<Item = ChannelRowKey>) -> Vec<Key> {
    rows.into_iter().map(|ChannelRowKey { pk, sk }| Key { pk, sk }).collect()
}

/// The rows of answers to the messages that these answer.
async fn reply_keys(
    store: &Store,
    channel: ChannelId,
    messages: &[Message],
    now: Timestamp,
) -> Result<Vec<Key>> {
    let answered: BTreeSet<u64> =
        messages.iter().filter_map(|message| Some(message.reply_to.as_ref()?.seq)).collect();
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
