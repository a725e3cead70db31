//! What is used of a plan: sessions of an account in a month, participants and calls of a model in a session.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | G1 | sessions that an account made in a month | table | `USAGE#{user}` | `MONTH#{month}` | [`month`], [`months`], [`crate::sessions::create`] |
//! | G2 | how much of a limit a session has used | table | `SESSION#{id}` | `USED#{what}` | [`used`], [`crate::sessions::participants::add`], [`crate::sessions::participants::remove`], [`reserve_ai_call`] |
//! | G3 | calls of a model for a session | table | `SESSION#{id}` | `AI_CALL#{key}` | [`reserve_ai_call`], [`release_ai_call`], [`record_ai_call`], [`ai_calls`], [`ai_usage`] |
//!
//! A counter moves in the transaction that makes what it counts, so that neither a repeat nor a crash makes them differ.

use jiff::{Timestamp, tz::TimeZone};
use model::{ParticipantId, SessionId, UserId, plan::Quota};
use serde::{Deserialize, Serialize};

use crate::{
    ConditionExpression, Item, Key, Query, ReadConsistency, Store, TransactWrite, UpdateExpression,
    WriteOutcome,
    dynamodb::{
        error::Result,
        key::{PartitionKey, SortKey, prefix},
    },
};

/// Sessions of an account in a month. Kept for ever: it is history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MonthlyUsage {
    pub user: UserId,
    /// `2026-11`, UTC.
    pub month: String,
    pub used: u32,
}

impl Item for MonthlyUsage {
    const KIND: &'static str = "monthly_usage";

    fn key(&self) -> Key {
        month_key(self.user, &self.month)
    }
}

fn month_key(user: UserId, month: &str) -> Key {
    Key::new(&PartitionKey::Usage(user), &SortKey::Month(month))
}

/// The calendar month that is counted by.
pub fn month_of(time: Timestamp) -> String {
    time.to_zoned(TimeZone::UTC).strftime("%Y-%m").to_string()
}

/// G1: sessions made in the month of `now`.
pub async fn get_month(store: &Store, user: UserId, now: Timestamp) -> Result<u32> {
    let found: Option<MonthlyUsage> =
        store.get(&month_key(user, &month_of(now)), ReadConsistency::Strong, now).await?;
    Ok(found.map_or(0, |month| month.used))
}

/// G1: the latest months in which there was something, newest first.
pub async fn list_months(
    store: &Store,
    user: UserId,
    most: usize,
    now: Timestamp,
) -> Result<Vec<MonthlyUsage>> {
    let query = Query::with_prefix(&PartitionKey::Usage(user), prefix::MONTH).newest_first();
    Ok(store.page(query, most, None, now).await?.items)
}

/// One session more, refused above the limit: for the transaction that makes the session.
pub(crate) fn count_session(user: UserId, limit: Option<u32>, now: Timestamp) -> TransactWrite {
    let month = month_of(now);
    let key = month_key(user, &month);
    let change =
        UpdateExpression::new("ADD used :one SET kind = :kind, v = :one, #user = :user, #month = :month")
            .name("#user", "user")
            .name("#month", "month")
            .text(":kind", MonthlyUsage::KIND)
            .text(":user", user)
            .text(":month", &month);
    TransactWrite::update(key, with_limit(change, limit))
}

/// How much of something a session has used.
#[derive(Debug, Serialize, Deserialize)]
struct QuotaUsage {
    used: u32,
}

impl Item for QuotaUsage {
    const KIND: &'static str = "quota_usage";

    /// Read only, and by the key that it was asked for.
    fn key(&self) -> Key {
        Key { pk: String::new(), sk: String::new() }
    }
}

fn used_key(session: SessionId, what: &str) -> Key {
    Key::new(&PartitionKey::Session(session), &SortKey::QuotaUsage(what))
}

/// What one participant has used of a session's calls.
fn participant_quota_key(participant: ParticipantId) -> String {
    format!("{}#{participant}", Quota::AiCallsPerSession.as_str())
}

/// G2: 0 also where nothing is counted, because nothing limits it.
pub async fn get_used(store: &Store, session: SessionId, quota: Quota, now: Timestamp) -> Result<u32> {
    let key = used_key(session, quota.as_str());
    let found: Option<QuotaUsage> = store.get(&key, ReadConsistency::Strong, now).await?;
    Ok(found.map_or(0, |found| found.used))
}

fn with_limit(change: UpdateExpression, limit: Option<u32>) -> UpdateExpression {
    let change = change.number(":one", 1);
    match limit {
        // a limit of nothing is one that is reached
        Some(0) => change.with_condition("attribute_exists(pk) AND attribute_not_exists(pk)"),
        Some(most) => {
            change.with_condition("attribute_not_exists(used) OR used < :most").number(":most", most)
        }
        None => change,
    }
}

/// One more of something in a session, refused above the limit.
fn count_one(session: SessionId, what: &str, limit: Option<u32>) -> TransactWrite {
    let change =
        UpdateExpression::new("ADD used :one SET kind = :kind, v = :one").text(":kind", QuotaUsage::KIND);
    TransactWrite::update(used_key(session, what), with_limit(change, limit))
}

/// One participant more, refused above the limit: for the transaction that adds them.
pub(crate) fn count_participant(session: SessionId, limit: u32) -> TransactWrite {
    count_one(session, Quota::ParticipantsPerSession.as_str(), Some(limit))
}

/// One participant less; lost where none is counted, because nothing limits them.
pub(crate) fn uncount_participant(session: SessionId) -> TransactWrite {
    uncount_one(session, Quota::ParticipantsPerSession.as_str())
}

fn uncount_one(session: SessionId, what: &str) -> TransactWrite {
    let change = UpdateExpression::new("ADD used :less")
        .with_condition("used > :none")
        .number(":less", -1)
        .number(":none", 0);
    TransactWrite::update(used_key(session, what), change)
}

/// A call of a model: reserved before it is made, recorded when it is answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AiCall {
    pub session: SessionId,
    /// Of what asked for it: the same thing asked twice is one call.
    #[serde(rename = "call_key")]
    pub key: String,
    /// Whose quota it came out of, beside the session's.
    pub participant: Option<ParticipantId>,
    pub reserved_at: Timestamp,
    /// `None` while it is under way.
    pub spent: Option<AiCallCost>,
}

/// What an answered call took.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AiCallCost {
    pub tokens_in: u64,
    pub tokens_out: u64,
    /// Millionths of a US dollar.
    pub cost_micros: u64,
    pub provider: String,
    pub model: String,
}

impl Item for AiCall {
    const KIND: &'static str = "ai_call";

    fn key(&self) -> Key {
        call_key(self.session, &self.key)
    }
}

fn call_key(session: SessionId, key: &str) -> Key {
    Key::new(&PartitionKey::Session(session), &SortKey::AiCall(key))
}

/// What asking for a call came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AiCallReservation {
    Reserved,
    /// By an earlier delivery of the same job; whether it was answered stands on the call.
    AlreadyReserved,
    /// The session has used this many.
    SessionQuotaExceeded(u32),
    /// The participant has used this many.
    ParticipantQuotaExceeded(u32),
}

/// G2, G3: reserves a call before it is made, of the session and of whoever asks, both or neither. One by the same `key` is
/// reserved once. 4 write units, 6 with a participant.
pub async fn reserve_ai_call(
    store: &Store,
    session: SessionId,
    key: &str,
    limit: Option<u32>,
    per_participant: Option<(ParticipantId, u32)>,
    now: Timestamp,
) -> Result<AiCallReservation> {
    let participant = per_participant.map(|(participant, _)| participant);
    let call = AiCall { session, key: key.into(), participant, reserved_at: now, spent: None };
    let mut writes =
        vec![TransactWrite::put_new(&call)?, count_one(session, Quota::AiCallsPerSession.as_str(), limit)];
    if let Some((participant, most)) = per_participant {
        writes.push(count_one(session, &participant_quota_key(participant), Some(most)));
    }
    Ok(match store.transact(writes).await? {
        Ok(()) => AiCallReservation::Reserved,
        Err(lost) if lost.contains(&0) => AiCallReservation::AlreadyReserved,
        Err(lost) if lost.contains(&1) => AiCallReservation::SessionQuotaExceeded(limit.unwrap_or_default()),
        Err(_) => AiCallReservation::ParticipantQuotaExceeded(per_participant.map_or(0, |(_, most)| most)),
    })
}

/// G2, G3: a call that failed for good counts for nobody; one that was answered stays. Harmless twice.
pub async fn release_ai_call(store: &Store, session: SessionId, key: &str, now: Timestamp) -> Result<()> {
    let found: Option<AiCall> = store.get(&call_key(session, key), ReadConsistency::Strong, now).await?;
    let Some(call) = found.filter(|call| call.spent.is_none()) else { return Ok(()) };
    let unanswered = ConditionExpression::new("attribute_exists(pk) AND attribute_type(spent, :nothing)")
        .text(":nothing", "NULL");
    let mut writes = vec![
        TransactWrite::delete(call.key(), unanswered),
        uncount_one(session, Quota::AiCallsPerSession.as_str()),
    ];
    writes.extend(
        call.participant.map(|participant| uncount_one(session, &participant_quota_key(participant))),
    );
    // lost: answered or released in between
    store.transact(writes).await.map(drop)
}

/// G3: what a reserved call took; `Refused` where none is reserved. The first record stands. 1 write unit.
pub async fn record_ai_call(
    store: &Store,
    session: SessionId,
    key: &str,
    spent: &AiCallCost,
) -> Result<WriteOutcome> {
    let change = UpdateExpression::new("SET spent = :spent")
        .with_condition("attribute_exists(pk) AND attribute_type(spent, :nothing)")
        .text(":nothing", "NULL")
        .serialized(":spent", spent)?;
    store.update_without_return(&call_key(session, key), change).await
}

/// What the calls for a session come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AiUsage {
    /// Answered or under way.
    pub calls: u64,
    pub tokens_in: u64,
    pub tokens_out: u64,
    /// Millionths of a US dollar.
    pub cost_micros: u64,
}

/// G3: all of them.
pub async fn list_ai_calls(store: &Store, session: SessionId, now: Timestamp) -> Result<Vec<AiCall>> {
    store.query_all(Query::with_prefix(&PartitionKey::Session(session), prefix::AI_CALL), now).await
}

/// G3: derived from the calls, by their number.
pub async fn sum_ai_usage(store: &Store, session: SessionId, now: Timestamp) -> Result<AiUsage> {
    let calls = list_ai_calls(store, session, now).await?;
    let mut usage = AiUsage { calls: calls.len() as u64, ..AiUsage::default() };
    for spent in calls.into_iter().filter_map(|call| call.spent) {
        usage.tokens_in += spent.tokens_in;
        usage.tokens_out += spent.tokens_out;
        usage.cost_micros += spent.cost_micros;
    }
    Ok(usage)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_that_of_utc() {
        let month = |text: &str| month_of(text.parse().unwrap());
        assert_eq!(month("2026-11-30T23:59:59Z"), "2026-11");
        assert_eq!(month("2026-12-01T00:30:00+01:00"), "2026-11");
        assert_eq!(month("2026-12-01T00:00:00Z"), "2026-12");
    }
}
