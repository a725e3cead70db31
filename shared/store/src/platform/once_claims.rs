//! Claims of work that must be done once, although its job may be delivered several times.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | PLATFORM-3 | the work with this key | table | `ONCE#{key}` | `#` | [`claim`], [`finish`], [`abandon`] |

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    ConditionExpression, Item, Key, ReadConsistency, Store, WriteOutcome,
    dynamodb::{
        error::Result,
        key::{PartitionKey, SortKey},
    },
};

/// Longer than any message exists, because dead letters are kept for 14 days.
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

/// The outcome of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnceClaim {
    /// The caller does the work, then calls [`finish`].
    Acquired,
    /// Another worker holds the lease. It is at work, or has died.
    Running,
    Done,
}

/// PLATFORM-3. Claims the work for the duration of the lease. A worker that has not finished by then is considered
/// dead, so the lease is a little longer than the function's timeout. 1 write unit, and 1 read unit if the work is
/// claimed or done.
pub async fn claim(store: &Store, name: &str, lease: SignedDuration, now: Timestamp) -> Result<OnceClaim> {
    let locked_until = (now + lease).as_second();
    let record = OnceRecord { key: name.into(), done: false, locked_until, ttl_at: now + RETENTION };
    let free = ConditionExpression::new(
        "attribute_not_exists(pk) OR #ttl <= :now OR (#done = :false AND locked_until <= :now)",
    )
    .name("#ttl", "ttl")
    .name("#done", "done")
    .value(":false", aws_sdk_dynamodb::types::AttributeValue::Bool(false))
    .number(":now", now.as_second());
    if store.put_if(&record, free).await? == WriteOutcome::Applied(()) {
        return Ok(OnceClaim::Acquired);
    }
    let before: Option<OnceRecord> = store.get(&key(name), ReadConsistency::Strong, now).await?;
    // If the claim is gone, it was abandoned in between, and the next delivery takes it.
    Ok(if before.is_some_and(|record| record.done) { OnceClaim::Done } else { OnceClaim::Running })
}

/// PLATFORM-3. Marks the work as done.
pub async fn finish(store: &Store, name: &str, now: Timestamp) -> Result<()> {
    store.put(&OnceRecord { key: name.into(), done: true, locked_until: 0, ttl_at: now + RETENTION }).await
}

/// PLATFORM-3. Releases the claim of work that was not done, so that the next delivery may start at once.
pub async fn abandon(store: &Store, name: &str) -> Result<()> {
    store.delete(&key(name)).await
}
