//! Mentions of a member. A job derives the rows from messages.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | CHAT-16 | messages that mention a member, newest first | table | `MENTIONS#{user}` | `MENTION#{sent}#{message}` | [`put`], [`mark`], [`page`], [`list_newest`] |
//!
//! A row contains the id of a message and not its text. A member who may no longer read the message must not find its
//! text here.

use jiff::{SignedDuration, Timestamp};
use model::{MessageId, UserId};
use serde::{Deserialize, Serialize};

use crate::{
    Item, Key, Page, PageRequest, PutNewOutcome, Query, Store, UpdateExpression,
    dynamodb::{
        error::Result,
        item::sortable_timestamp,
        key::{PartitionKey, SortKey, prefix},
    },
};

/// How long a mention is listed here after its message was sent. The message stays in its channel.
const RETENTION: SignedDuration = SignedDuration::from_hours(365 * 24);

/// A mention of a member by a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserMention {
    pub user: UserId,
    pub message: MessageId,
    /// When the message was sent, even if an edit added the mention later. A message has one row for each mentioned
    /// member.
    pub sent_at: Timestamp,
    /// The member was notified, or does not want to be.
    #[serde(rename = "told")]
    pub is_notified: bool,
    /// The mention was part of an e-mail.
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
    let position = format!("{}#{message}", sortable_timestamp(sent_at));
    Key::new(&PartitionKey::Mentions(user), &SortKey::Mention(&position))
}

/// What is marked on a mention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MentionMark {
    Notified,
    Emailed,
}

/// CHAT-16. Stores a mention, or returns the one that is stored already. 1 write unit.
pub async fn put(store: &Store, mention: &UserMention) -> Result<PutNewOutcome<UserMention>> {
    store.put_new_or_get(mention).await
}

/// CHAT-16. Marks a stored mention. 1 write unit.
pub async fn mark(store: &Store, mention: &UserMention, mark: MentionMark) -> Result<()> {
    let change = match mark {
        MentionMark::Notified => UpdateExpression::new("SET told=:true"),
        MentionMark::Emailed => UpdateExpression::new("SET mailed = :true"),
    };
    let change = change.serialized(":true", &true)?.with_condition("attribute_exists(pk)");
    store.update_without_return(&mention.key(), change).await.map(drop)
}

/// CHAT-16. Returns a page of mentions, newest first.
pub async fn page(
    store: &Store,
    user: UserId,
    request: &PageRequest,
    now: Timestamp,
) -> Result<Page<UserMention>> {
    store.page(mentions_query(user), request, now).await
}

/// CHAT-16. Returns up to `limit` mentions, newest first. Strong, because the digest is sent right after a mention.
pub async fn list_newest(
    store: &Store,
    user: UserId,
    limit: usize,
    now: Timestamp,
) -> Result<Vec<UserMention>> {
    Ok(store.page(mentions_query(user).strong(), &PageRequest::internal(limit), now).await?.items)
}

fn mentions_query(user: UserId) -> Query {
    Query::with_prefix(&PartitionKey::Mentions(user), prefix::MENTION).newest_first()
}
