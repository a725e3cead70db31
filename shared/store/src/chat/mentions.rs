//! Which messages mention someone. Rows follow from messages: a job writes them.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | F2 | messages that mention someone, newest first | table | `MENTIONS#{user}` | `MENTION#{sent}#{message}` | [`put`], [`mark`], [`page`], [`newest`] |
//!
//! A row says where a message stands and not what stands in it: whoever may not read it any more must not find it here.

use jiff::{SignedDuration, Timestamp};
use model::{MessageId, UserId};
use serde::{Deserialize, Serialize};

use crate::{
    Item, Key, Page, PutNewOutcome, Query, Store, UpdateExpression,
    dynamodb::{
        error::Result,
        item::sortable_timestamp,
        key::{PartitionKey, SortKey, prefix},
    },
};

/// How long after it was sent a message is found here; in its channel it stays.
const RETENTION: SignedDuration = SignedDuration::from_hours(365 * 24);

/// That a message mentions someone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserMention {
    pub user: UserId,
    pub message: MessageId,
    /// When the message was sent, also where they were edited into it: one message is one row.
    pub sent_at: Timestamp,
    /// They were told, or do not want to be.
    #[serde(rename = "told")]
    pub is_notified: bool,
    /// They were written to of it.
    #[serde(rename = "mailed")]
    pub is_emailed: bool,
}

impl Item for UserMention {
    const KIND: &'static str = "user_mention";

    fn key(&self) -> Key {
        key(self.user, self.message, self.sent_at)
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.sent_at + RETENTION)
    }
}

pub(crate) fn key(user: UserId, message: MessageId, sent_at: Timestamp) -> Key {
    let place = format!("{}#{message}", sortable_timestamp(sent_at));
    Key::new(&PartitionKey::Mentions(user), &SortKey::Mention(&place))
}

/// What is noted on a mention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MentionMark {
    Notified,
    Emailed,
}

/// F2: puts a mention where there is none; answers what lies there otherwise. 1 write unit.
pub async fn put(store: &Store, mention: &UserMention) -> Result<PutNewOutcome<UserMention>> {
    store.put_new_or_get(mention).await
}

/// F2: notes it on one that is there. 1 write unit.
pub async fn mark(store: &Store, mention: &UserMention, mark: MentionMark) -> Result<()> {
    let change = match mark {
        MentionMark::Notified => UpdateExpression::new("SET told = :true"),
        MentionMark::Emailed => UpdateExpression::new("SET mailed = :true"),
    };
    let change = change.serialized(":true", &true)?.with_condition("attribute_exists(pk)");
    store.update_without_return(&mention.key(), change).await.map(drop)
}

/// F2.
pub async fn page(
    store: &Store,
    user: UserId,
    limit: usize,
    cursor: Option<&str>,
    now: Timestamp,
) -> Result<Page<UserMention>> {
    store.page(mentions_query(user), limit, cursor, now).await
}

/// F2: so many of them, as they were put last. Strong: whoever is written to was mentioned just now.
pub async fn list_newest(
    store: &Store,
    user: UserId,
    limit: usize,
    now: Timestamp,
) -> Result<Vec<UserMention>> {
    Ok(store.page(mentions_query(user).strong(), limit, None, now).await?.items)
}

fn mentions_query(user: UserId) -> Query {
    Query::with_prefix(&PartitionKey::Mentions(user), prefix::MENTION).newest_first()
}
