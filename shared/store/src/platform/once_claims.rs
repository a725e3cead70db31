//! What has been done once and must not be done again, however often its job is delivered.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | O1 | the deed with this key | table | `ONCE#{key}` | `#` | [`claim`], [`finish`], [`abandon`] |

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    ConditionExpression, Item, Key, ReadConsistency, Store, WriteOutcome,
    dynamodb::{
        error::Result,
        key::{PartitionKey, SortKey},
    },
};

/// Longer than any message lives: dead letters are kept for 14 days.
const RETENTION: SignedDuration = SignedDuration::from_hours(15 * 24);

#[derive(Debug, Serialize, Deserialize)]
struct OnceRecord {
    key: String,
    done: bool,
    locked_until: i64,
    ttl_at: Timestamp,
}

impl Item for OnceRecord {
    const KIND: &'static str = "once";

    fn key(&self) -> Key {
        key(&self.key)
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.ttl_at)
    }
}

fn key(name: &str) -> Key {
    Key::new(&PartitionKey::Once(name), &SortKey::Self_)
}

/// What somebody who wants to do it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnceClaim {
    /// Yours: do it, then [`finish`].
    Acquired,
    /// Somebody is at it, or died less than the lease ago.
    Running,
    Done,
}

/// O1: 1 write unit, and 1 read unit where it is not free. Whoever has not finished when the lease is over is taken for dead:
/// a little longer than the function's timeout.
pub async fn claim(store: &Store, name: &str, lease: SignedDuration, now: Timestamp) -> Result<OnceClaim> {
    let locked_until = (now + lease).as_second();
    let deed = OnceRecord { key: name.into(), done: false, locked_until, ttl_at: now + RETENTION };
    let free = ConditionExpression::new(
        "attribute_not_exists(pk) OR #ttl <= :now OR (#done = :false AND locked_until <= :now)",
    )
    .name("#ttl", "ttl")
    .name("#done", "done")
    .value(":false", aws_sdk_dynamodb::types::AttributeValue::Bool(false))
    .number(":now", now.as_second());
    if store.put_if(&deed, free).await? == WriteOutcome::Applied(()) {
        return Ok(OnceClaim::Acquired);
    }
    let before: Option<OnceRecord> = store.get(&key(name), ReadConsistency::Strong, now).await?;
    // gone in between: abandoned, and the next delivery takes it
    Ok(if before.is_some_and(|deed| deed.done) { OnceClaim::Done } else { OnceClaim::Running })
}

/// O1: it is done.
pub async fn finish(store: &Store, name: &str, now: Timestamp) -> Result<()> {
    store.put(&OnceRecord { key: name.into(), done: true, locked_until: 0, ttl_at: now + RETENTION }).await
}

/// O1: it was not done: the next delivery may try at once.
pub async fn abandon(store: &Store, name: &str) -> Result<()> {
    store.delete(&key(name)).await
}
