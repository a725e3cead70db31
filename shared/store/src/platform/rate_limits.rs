//! Counters of attempts, by limit and caller, in windows of time.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | PLATFORM-1 | attempts in this window | table | `LIMIT#{limit}#{caller}` | `WINDOW#{start}` | [`count_attempt`], [`check_attempts`], [`check_attempts_strong`] |

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use model::rate_limit::RateLimitOutcome;
use serde::{Deserialize, Serialize};

use crate::{
    Item, Key, ReadConsistency, Store, UpdateExpression, WriteOutcome,
    dynamodb::{
        error::Result,
        key::{PartitionKey, SortKey},
    },
};

/// A rate limit: at most `max_attempts` in a window.
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

/// PLATFORM-1. Counts an attempt, unless the limit is reached. 1 write unit.
pub async fn count_attempt(
    store: &Store,
    limit: RateLimit,
    who: &str,
    now: Timestamp,
) -> Result<RateLimitOutcome> {
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
    Ok(match store.update_without_return(&limit.key(who, start), change).await? {
        WriteOutcome::Applied(()) => RateLimitOutcome::Allowed,
        WriteOutcome::ConditionFailed => RateLimitOutcome::Exceeded { retry_after: left },
    })
}

/// PLATFORM-1. Checks the limit without counting, for limits that only count failures. 0.5 read units.
pub async fn check_attempts(
    store: &Store,
    limit: RateLimit,
    who: &str,
    now: Timestamp,
) -> Result<RateLimitOutcome> {
    read_attempts(store, limit, who, ReadConsistency::Eventual, now).await
}

/// PLATFORM-1. Checks the limit as [`check_attempts`] does, and sees every failure that was counted before. It is the
/// last check before a success, so that concurrent callers get no more attempts than sequential ones. 1 read unit.
pub async fn check_attempts_strong(
    store: &Store,
    limit: RateLimit,
    who: &str,
    now: Timestamp,
) -> Result<RateLimitOutcome> {
    read_attempts(store, limit, who, ReadConsistency::Strong, now).await
}

async fn read_attempts(
    store: &Store,
    limit: RateLimit,
    who: &str,
    consistency: ReadConsistency,
    now: Timestamp,
) -> Result<RateLimitOutcome> {
    let (start, left) = limit.window(now);
    let attempts: Option<AttemptCounter> = store.get(&limit.key(who, start), consistency, now).await?;
    Ok(match attempts {
        Some(attempts) if attempts.n >= limit.max_attempts => {
            RateLimitOutcome::Exceeded { retry_after: left }
        }
        _ => RateLimitOutcome::Allowed,
    })
}
