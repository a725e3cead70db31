//! Answers to requests that carried an `Idempotency-Key`.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | I1 | the request with this key | table | `IDEMPOTENCY#{hash}` | `#` | [`begin`], [`finish`], [`abandon`] |

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    ConditionExpression, Item, Key, ReadConsistency, Store, WriteOutcome,
    dynamodb::{
        error::Result,
        key::{PartitionKey, SortKey},
    },
};

/// Answers are kept this long (after svix: twelve hours).
const RETENTION: SignedDuration = SignedDuration::from_hours(12);
/// A request that has not answered by now is taken for dead: API Gateway gives up after 30 s.
const LOCK_PERIOD: SignedDuration = SignedDuration::from_secs(35);

/// An answer as it was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredResponse {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    /// `None`: it was too large to keep. What was asked is done all the same.
    pub body: Option<String>,
}

/// A request under its key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdempotencyRecord {
    hash: String,
    /// Of the body: the same key with another one is a mistake of the client.
    pub body_hash: String,
    #[serde(rename = "answer")]
    pub response: Option<StoredResponse>,
    locked_until: i64,
    ttl_at: Timestamp,
}

impl Item for IdempotencyRecord {
    const KIND: &'static str = "idempotency";

    fn key(&self) -> Key {
        key(&self.hash)
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.ttl_at)
    }
}

fn key(hash: &str) -> Key {
    Key::new(&PartitionKey::Idempotency(hash), &SortKey::Self_)
}

/// What a request with a key is told before it runs.
#[derive(Debug)]
pub enum IdempotencyClaim {
    /// It is the first, or the one before it died: run.
    Claimed,
    /// There was one before; it may still be running.
    Existing(IdempotencyRecord),
}

/// I1: claims a key.
pub async fn claim(store: &Store, hash: &str, body_hash: &str, now: Timestamp) -> Result<IdempotencyClaim> {
    let record = IdempotencyRecord {
        hash: hash.into(),
        body_hash: body_hash.into(),
        response: None,
        locked_until: (now + LOCK_PERIOD).as_second(),
        ttl_at: now + RETENTION,
    };
    let free = ConditionExpression::new(
        "attribute_not_exists(pk) OR #ttl <= :now OR (attribute_type(answer, :null) AND locked_until <= :now AND body_hash = :body)",
    )
    .name("#ttl", "ttl")
    .number(":now", now.as_second())
    .text(":null", "NULL")
    .text(":body", body_hash);
    if store.put_if(&record, free).await? == WriteOutcome::Applied(()) {
        return Ok(IdempotencyClaim::Claimed);
    }
    let before = store.get(&key(hash), ReadConsistency::Strong, now).await?;
    // gone in between: abandoned just now, so this one may run
    Ok(before.map_or(IdempotencyClaim::Claimed, IdempotencyClaim::Existing))
}

/// I1: keeps the answer.
pub async fn finish(
    store: &Store,
    hash: &str,
    body_hash: &str,
    answer: StoredResponse,
    now: Timestamp,
) -> Result<()> {
    let record = IdempotencyRecord {
        hash: hash.into(),
        body_hash: body_hash.into(),
        response: Some(answer),
        locked_until: 0,
        ttl_at: now + RETENTION,
    };
    store.put(&record).await
}

/// I1: forgets a request whose failure may pass: the next try runs.
pub async fn abandon(store: &Store, hash: &str) -> Result<()> {
    store.delete(&key(hash)).await
}
