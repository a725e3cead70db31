//! Usage of a plan: sessions of an account in a month, participants and model calls of a session.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | IDENTITY-10 | sessions that an account created in a month | table | `USAGE#{user}` | `MONTH#{month}` | [`get_month`], [`list_months`], `count_session` |
//! | IDENTITY-11 | how much of a quota a session has used | table | `SESSION#{id}` | `USED#{quota}` | [`get_used`], `count_participant`, `uncount_participant`, [`reserve_ai_call`] |
//! | IDENTITY-12 | model calls for a session | table | `SESSION#{id}` | `AI_CALL#{key}` | [`reserve_ai_call`], [`release_ai_call`], [`record_ai_call`], [`list_ai_calls`], [`sum_ai_usage`] |
//!
//! A counter changes in the transaction that creates what it counts. Neither a retry nor a crash makes the two differ.

use jiff::{Timestamp, tz::TimeZone};
use model::{ParticipantId, SessionId, UserId, plan::Quota};
use serde::{Deserialize, Serialize};

use crate::{
    ConditionExpression, Item, Key, PageRequest, Query, ReadConsistency, Store, TransactOutcome,
    TransactWrite, UpdateExpression, WriteOutcome,
    dynamodb::{
        error::Result,
        key::{PartitionKey, SortKey, prefix},
    },
};

/// Sessions that an account created in a month. Kept for ever as history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MonthlyUsage {
    pub user: UserId,
    /// The month in UTC, such as `2026-11`.
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

/// Returns the calendar month (UTC) that a time is counted in.
pub fn month_of(time: Timestamp) -> String {
    time.to_zoned(TimeZone::UTC).strftime("%Y-%m").to_string()
}

/// IDENTITY-10. Returns the number of sessions created in the month of `now`.
pub async fn get_month(store: &Store, user: UserId, now: Timestamp) -> Result<u32> {
    let found: Option<MonthlyUsage> =
        store.get(&month_key(user, &month_of(now)), ReadConsistency::Strong, now).await?;
    Ok(found.map_or(0, |month| month.used))
}

/// IDENTITY-10. Returns the latest months with at least one session, newest first.
pub async fn list_months(
    store: &Store,
    user: UserId,
    most: usize,
    now: Timestamp,
) -> Result<Vec<MonthlyUsage>> {
    let query = Query::with_prefix(&PartitionKey::Usage(user), prefix::MONTH).newest_first();
    Ok(store.page(query, &PageRequest::internal(most), now).await?.items)
}

/// IDENTITY-10. Counts one more session, in the transaction that creates the session. The condition fails at the limit.
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

/// How much of a quota a session has used.
#[derive(Debug, Serialize, Deserialize)]
struct QuotaUsage {
    used: u32,
}

impl Item for QuotaUsage {
    const KIND: &'static str = "quota_usage";

    /// The item is only read, by a key that the caller knows. The row does not store the key's parts.
    fn key(&self) -> Key {
        Key { pk: String::new(), sk: String::new() }
    }
}

fn used_key(session: SessionId, what: &str) -> Key {
    Key::new(&PartitionKey::Session(session), &SortKey::QuotaUsage(what))
}

/// Returns the key of one participant's share of the session's model calls.
fn participant_quota_key(participant: ParticipantId) -> String {
    format!("{}#{participant}", Quota::AiCallsPerSession.as_str())
}

/// IDENTITY-11. Returns how much of a quota a session has used. Returns 0 if the quota is unlimited, because then
/// nothing is counted.
pub async fn get_used(store: &Store, session: SessionId, quota: Quota, now: Timestamp) -> Result<u32> {
    let key = used_key(session, quota.as_str());
    let found: Option<QuotaUsage> = store.get(&key, ReadConsistency::Strong, now).await?;
    Ok(found.map_or(0, |found| found.used))
}

fn with_limit(change: UpdateExpression, limit: Option<u32>) -> UpdateExpression {
    let change = change.number(":one", 1);
    match limit {
        // A limit of 0 is always reached, and DynamoDB has no constant `false`.
        Some(0) => change.with_condition("attribute_exists(pk) AND attribute_not_exists(pk)"),
        Some(most) => {
            change.with_condition("attribute_not_exists(used) OR used < :most").number(":most", most)
        }
        None => change,
    }
}

/// Counts one more use of a quota. The condition fails at the limit.
fn count_one(session: SessionId, what: &str, limit: Option<u32>) -> TransactWrite {
    let change =
        UpdateExpression::new("ADD used :one SET kind = :kind, v = :one").text(":kind", QuotaUsage::KIND);
    TransactWrite::update(used_key(session, what), with_limit(change, limit))
}

/// IDENTITY-11. Counts one more participant, in the transaction that adds the participant. The condition fails at the
/// limit.
pub(crate) fn count_participant(session: SessionId, limit: u32) -> TransactWrite {
    count_one(session, Quota::ParticipantsPerSession.as_str(), Some(limit))
}

/// IDENTITY-11. Counts one participant less. The condition fails if none is counted, because the plan has no limit.
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

/// A model call. It is reserved before the request to the model, and its cost is recorded after the response.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AiCall {
    pub session: SessionId,
    /// The key of the cause. Two requests with one cause are one call.
    #[serde(rename = "call_key")]
    pub key: String,
    /// The participant whose share of the quota the call uses, beside the session's quota.
    pub participant: Option<ParticipantId>,
    pub reserved_at: Timestamp,
    /// `None` until the model has answered.
    pub spent: Option<AiCallCost>,
}

/// The tokens and the cost of an answered call.
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

/// The writes that reserve or release a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AiCallWrite {
    Call,
    SessionCount,
    ParticipantCount,
}

/// The outcome of a reservation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AiCallReservation {
    Reserved,
    /// An earlier delivery of the same job reserved the call. The call itself says whether it was answered.
    AlreadyReserved,
    /// The session has made this many calls, which is its limit.
    SessionQuotaExceeded(u32),
    /// The participant has made this many calls, which is their limit.
    ParticipantQuotaExceeded(u32),
}

/// IDENTITY-11, IDENTITY-12. Reserves a call for the session, and for the participant if given, in one
/// transaction. A `key` is reserved once. 4 write units, 6 with a participant.
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
    let mut writes = vec![
        (AiCallWrite::Call, TransactWrite::put_new(&call)?),
        (AiCallWrite::SessionCount, count_one(session, Quota::AiCallsPerSession.as_str(), limit)),
    ];
    if let Some((participant, most)) = per_participant {
        let count = count_one(session, &participant_quota_key(participant), Some(most));
        writes.push((AiCallWrite::ParticipantCount, count));
    }
    Ok(match store.transact(writes).await? {
        TransactOutcome::Applied => AiCallReservation::Reserved,
        TransactOutcome::Failed(failures) if failures.contains(AiCallWrite::Call) => {
            AiCallReservation::AlreadyReserved
        }
        TransactOutcome::Failed(failures) if failures.contains(AiCallWrite::SessionCount) => {
            AiCallReservation::SessionQuotaExceeded(limit.unwrap_or_default())
        }
        TransactOutcome::Failed(_) => {
            AiCallReservation::ParticipantQuotaExceeded(per_participant.map_or(0, |(_, most)| most))
        }
    })
}

/// IDENTITY-11, IDENTITY-12. Releases a call that failed for good, so that it does not count. An answered call stays.
/// Idempotent.
pub async fn release_ai_call(store: &Store, session: SessionId, key: &str, now: Timestamp) -> Result<()> {
    let found: Option<AiCall> = store.get(&call_key(session, key), ReadConsistency::Strong, now).await?;
    let Some(call) = found.filter(|call| call.spent.is_none()) else { return Ok(()) };
    let unanswered = ConditionExpression::new("attribute_exists(pk) AND attribute_type(spent, :nothing)")
        .text(":nothing", "NULL");
    let mut writes = vec![
        (AiCallWrite::Call, TransactWrite::delete(call.key(), unanswered)),
        (AiCallWrite::SessionCount, uncount_one(session, Quota::AiCallsPerSession.as_str())),
    ];
    if let Some(participant) = call.participant {
        let uncount = uncount_one(session, &participant_quota_key(participant));
        writes.push((AiCallWrite::ParticipantCount, uncount));
    }
    // A failed condition means that the call was answered or released in between.
    store.transact(writes).await.map(drop)
}

/// IDENTITY-12. Records the cost of a reserved call. The condition fails if no call is reserved, or its cost is
/// recorded already. 1 write unit.
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

/// Sums over the model calls of a session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AiUsage {
    /// The number of calls that were answered or are in progress.
    pub calls: u64,
    pub tokens_in: u64,
    pub tokens_out: u64,
    /// Millionths of a US dollar.
    pub cost_micros: u64,
}

/// IDENTITY-12. Returns all calls of a session.
pub async fn list_ai_calls(store: &Store, session: SessionId, now: Timestamp) -> Result<Vec<AiCall>> {
    store.query_all(Query::with_prefix(&PartitionKey::Session(session), prefix::AI_CALL), now).await
}

/// IDENTITY-12. Sums up the calls of a session. Costs as much as reading them.
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
    fn months_are_counted_in_utc() {
        let month = |text: &str| month_of(text.parse().unwrap());
        assert_eq!(month("2026-11-30T23:59:59Z"), "2026-11");
        assert_eq!(month("2026-12-01T00:30:00+01:00"), "2026-11");
        assert_eq!(month("2026-12-01T00:00:00Z"), "2026-12");
    }
}
