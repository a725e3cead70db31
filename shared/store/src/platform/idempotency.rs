//! Responses to requests with an `Idempotency-Key`.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | PLATFORM-2 | the request with this key | table | `IDEMPOTENCY#{hash}` | `#` | [`claim`], [`finish`], [`abandon`] |

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    ConditionExpression, Item, Key, ReadConsistency, Store, WriteOutcome,
    dynamodb::{
        error::Result,
        key::{PartitionKey, SortKey},
    },
};

/// Responses are kept for twelve hours, as svix keeps them.
const RETENTION: SignedDuration = SignedDuration::from_hours(12);
/// A request that has not finished by then is considered dead, because API Gateway gives up after 30 s.
const LOCK_PERIOD: SignedDuration = SignedDuration::from_secs(35);

/// A response as it was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredResponse {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    /// `None` if the body was too large to keep. The request was executed all the same.
    pub body: Option<String>,
}

/// A request with its key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdempotencyRecord {
    hash: String,
    /// The hash of the body. The same key with another body is a mistake of the client.
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

/// The outcome of claiming a key, before the request runs.
#[derive(Debug)]
pub enum IdempotencyClaim {
    /// The request may run. It is the first one with this key, or the earlier one died.
    Claimed,
    /// An earlier request has the key. It may still be running.
    Existing(IdempotencyRecord),
}

/// PLATFORM-2. Claims a key for a request.
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
    // If the record is gone, the earlier request was abandoned in between, and this one may run.
    Ok(before.map_or(IdempotencyClaim::Claimed, IdempotencyClaim::Existing))
}

/// PLATFORM-2. Stores the response.
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

/// PLATFORM-2. Releases the key of a request that failed temporarily, so that a retry runs.
pub async fn abandon(store: &Store, hash: &str) -> Result<()> {
    store.delete(&key(hash)).await
}
