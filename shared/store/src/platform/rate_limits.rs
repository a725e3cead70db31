//! Counters of attempts, by what and by whom, in windows of time.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | R1 | attempts in this window | table | `LIMIT#{what}#{who}` | `WINDOW#{start}` | [`count`], [`peek`], [`peek_strong`] |

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use model::Error;
use serde::{Deserialize, Serialize};

use crate::{
    Item, Key, ReadConsistency, Store, UpdateExpression, WriteOutcome,
    dynamodb::{
        error::Result,
        key::{PartitionKey, SortKey},
    },
};

/// How often something may be tried: `most` times in a window.
#[derive(Clone, Copy, Debug)]
pub struct RateLimit {
    pub name: &'static str,
    pub max_attempts: u64,
    pub window: Duration,
}

#[derive(Debug, Serialize, Deserialize)]
struct AttemptCounter {
    what: String,
    who: String,
    window: i64,
    n: u64,
}

impl Item for AttemptCounter {
    const KIND: &'static str = "attempt_counter";

    fn key(&self) -> Key {
        Key::new(&PartitionKey::RateLimit(&self.what, &self.who), &SortKey::Window(self.window))
    }
}

impl RateLimit {
    fn window(&self, now: Timestamp) -> (i64, Duration) {
        let length = i64::try_from(self.window.as_secs().max(1)).unwrap_or(i64::MAX);
        let start = now.as_second().div_euclid(length) * length;
        let left = u64::try_from(start + length - now.as_second()).unwrap_or(1);
        (start, Duration::from_secs(left))
    }

    fn key(&self, who: &str, start: i64) -> Key {
        Key::new(&PartitionKey::RateLimit(self.name, who), &SortKey::Window(start))
    }
}

/// R1: counts an attempt and refuses it above the limit. 1 write unit.
///
/// # Errors
/// `TooMany` until the window is over.
pub async fn count_attempt(store: &Store, limit: RateLimit, who: &str, now: Timestamp) -> Result<(), Error> {
    let (start, left) = limit.window(now);
    let until = now + SignedDuration::try_from(left * 2).unwrap_or(SignedDuration::from_hours(1));
    let change = UpdateExpression::new(
        "ADD n :one SET #ttl = :until, kind = :kind, v = :v, what = :what, who = :who, #w = :window",
    )
    .with_condition("attribute_not_exists(n) OR n < :most")
    .name("#ttl", "ttl")
    .name("#w", "window")
    .number(":one", 1)
    .number(":most", limit.max_attempts)
    .number(":until", until.as_second())
    .number(":v", 1)
    .number(":window", start)
    .text(":kind", AttemptCounter::KIND)
    .text(":what", limit.name)
    .text(":who", who);
    match store.update_without_return(&limit.key(who, start), change).await? {
        WriteOutcome::Applied(()) => Ok(()),
        WriteOutcome::ConditionFailed => Err(Error::RateLimited { retry_after: left }),
    }
}

/// R1: refuses above the limit without counting, where only failures count. 0.5 read units.
///
/// # Errors
/// `TooMany` until the window is over.
pub async fn check_attempts(store: &Store, limit: RateLimit, who: &str, now: Timestamp) -> Result<(), Error> {
    read_attempts(store, limit, who, ReadConsistency::Eventual, now).await
}

/// R1: as [`peek`], with every failure that was counted before: the last word before a success, so that many who try
/// at once get no more tries than one after the other. 1 read unit.
///
/// # Errors
/// `TooMany` until the window is over.
pub async fn check_attempts_strong(
    store: &Store,
    limit: RateLimit,
    who: &str,
    now: Timestamp,
) -> Result<(), Error> {
    read_attempts(store, limit, who, ReadConsistency::Strong, now).await
}

async fn read_attempts(
    store: &Store,
    limit: RateLimit,
    who: &str,
    freshness: ReadConsistency,
    now: Timestamp,
) -> Result<(), Error> {
    let (start, left) = limit.window(now);
    let attempts: Option<AttemptCounter> = store.get(&limit.key(who, start), freshness, now).await?;
    match attempts {
        Some(attempts) if attempts.n >= limit.max_attempts => Err(Error::RateLimited { retry_after: left }),
        _ => Ok(()),
    }
}
