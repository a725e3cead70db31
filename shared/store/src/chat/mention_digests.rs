//! When someone is written to of what they have missed.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | F6 | someone's next digest | table | `CHAT#{user}` | `DIGEST` | [`get`], [`rewrite`] |
//!
//! It is due while there may be something to write of: whoever is mentioned makes it so, and the job that has written, or found
//! nothing to write of, ends it, unless somebody was mentioned meanwhile.

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
    /// Whose it is.
    pub id: UserId,
    /// When it is due; `None` where there is nothing to write of.
    pub send_at: Option<Timestamp>,
    /// When they were written to last.
    pub sent_at: Option<Timestamp>,
    /// What they are being written to of: whoever died half-way writes of the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sending: Option<DigestInProgress>,
    /// Grows with every mention and every change: what it is written over by.
    pub rev: u64,
}

/// A mail on its way.
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

/// F6: where there is none, one that has never been written over. Strong: it is written over as it was read.
pub async fn get(store: &Store, user: UserId, now: Timestamp) -> Result<MentionDigest> {
    let found = store.get(&key(user), ReadConsistency::Strong, now).await?;
    Ok(found.unwrap_or(MentionDigest { id: user, send_at: None, sent_at: None, sending: None, rev: 0 }))
}

/// F6: one as it was read becomes another one. `Refused` where it was changed in between. 1 write unit, and 1 or 2 for the index
/// where it becomes due at another time.
pub async fn replace(store: &Store, before: &MentionDigest, after: MentionDigest) -> Result<WriteOutcome> {
    let after = MentionDigest { rev: before.rev + 1, ..after };
    let unchanged = if before.rev == 0 {
        ConditionExpression::new("attribute_not_exists(pk)")
    } else {
        ConditionExpression::new("rev = :rev").number(":rev", before.rev)
    };
    store.put_if(&after, unchanged).await
}
