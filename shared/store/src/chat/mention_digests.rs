//! The next e-mail of a member about missed mentions.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | CHAT-20 | the next digest of a member | table | `CHAT#{user}` | `DIGEST` | [`get`], [`replace`] |
//!
//! A mention makes the digest due. The job that has sent it, or found nothing to send, takes it out of the index,
//! unless the member was mentioned in between.

use jiff::Timestamp;
use model::UserId;
use serde::{Deserialize, Serialize};

use crate::{
    ConditionExpression, Item, Key, ReadConsistency, Store, WriteOutcome,
    chat::mentions::UserMention,
    dynamodb::{
        error::Result,
        key::{PartitionKey, SortKey},
    },
};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MentionDigest {
    /// The member.
    pub id: UserId,
    /// When the e-mail is due, or `None` if there is nothing to send.
    pub send_at: Option<Timestamp>,
    /// When the last e-mail was sent.
    pub sent_at: Option<Timestamp>,
    /// The e-mail that is being sent. If the job dies, the next one sends the same mentions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sending: Option<DigestInProgress>,
    /// Optimistic-lock version, which grows with every mention and every change.
    pub rev: u64,
}

/// An e-mail that is being sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DigestInProgress {
    pub began_at: Timestamp,
    pub mentions: Vec<UserMention>,
}

impl Item for MentionDigest {
    const KIND: &'static str = "mention_digest";

    fn key(&self) -> Key {
        key(self.id)
    }

    fn due(&self) -> Option<Timestamp> {
        self.send_at
    }
}

fn key(user: UserId) -> Key {
    Key::new(&PartitionKey::Chat(user), &SortKey::MentionDigest)
}

/// CHAT-20. Returns the digest of a member, or a new one with `rev` 0. Strong, because it is replaced as it was read.
pub async fn get(store: &Store, user: UserId, now: Timestamp) -> Result<MentionDigest> {
    let found = store.get(&key(user), ReadConsistency::Strong, now).await?;
    Ok(found.unwrap_or(MentionDigest { id: user, send_at: None, sent_at: None, sending: None, rev: 0 }))
}

/// CHAT-20. Replaces a digest as it was read. The condition fails if it has changed in between. 1 write unit, and 1 or
/// 2 for the index if its due time changes.
pub async fn replace(store: &Store, before: &MentionDigest, after: MentionDigest) -> Result<WriteOutcome> {
    let after = MentionDigest { rev: before.rev + 1, ..after };
    let unchanged = if before.rev == 0 {
        ConditionExpression::new("attribute_not_exists(pk)")
    } else {
        ConditionExpression::new("rev = :rev").number(":rev", before.rev)
    };
    store.put_if(&after, unchanged).await
}
