//! Answers to slides, the hot path of a live talk. Each is one `PutItem` without a counter and without a transaction.
//! Counts are queries.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | SESSIONS-21 | a participant's answer to a slide | table | `VOTES#{session}#{slide}#{shard}` | `PARTICIPANT#{id}` | [`get`], [`put`], [`put_first`], [`put_after_reset`], [`moderate`], [`update_stored_at`] |
//! | SESSIONS-22 | all answers to a slide | table | the four shards | `PARTICIPANT#…` | [`list_by_slide`], [`exists_for_slide`] |

use aws_sdk_dynamodb::types::AttributeValue;
use futures::future::try_join_all;
use jiff::Timestamp;
use model::{ParticipantId, ResponseId, SessionId, SlideId, slide::AnswerContent};
use serde::{Deserialize, Serialize};

use crate::{
    ConditionExpression, Item, Key, Query, ReadConsistency, ReplaceOutcome, Store, UpdateExpression,
    WriteOutcome,
    dynamodb::{
        error::Result,
        key::{PartitionKey, SortKey, VOTE_SHARDS, prefix, vote_shard},
    },
};

/// An answer. A changed answer replaces it under the same id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlideResponse {
    pub id: ResponseId,
    pub session: SessionId,
    pub slide: SlideId,
    pub participant: ParticipantId,
    pub display_name: Option<String>,
    pub answer: AnswerContent,
    /// The client's own order, if it has one.
    pub seq: Option<i64>,
    /// When the gateway received the answer, in milliseconds. It is the order if the client has none.
    pub received: i64,
    /// When the answer was written, in milliseconds. A count finds new answers by it.
    pub stored: i64,
    /// Hidden by the presenter, so that it is in no count and no word cloud. Another answer is visible again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hidden: bool,
    /// Marked by the presenter. Only the presenter sees it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub flagged: bool,
}

impl Item for SlideResponse {
    const KIND: &'static str = "response";

    fn key(&self) -> Key {
        key(self.session, self.slide, self.participant)
    }
}

fn key(session: SessionId, slide: SlideId, participant: ParticipantId) -> Key {
    Key::new(
        &PartitionKey::Votes(session, slide, vote_shard(participant)),
        &SortKey::Participant(participant),
    )
}

/// SESSIONS-21. Stores an answer. The later answer wins in any order of arrival. If a later one is stored, it is kept
/// and returned. 1 write unit.
///
/// The same answer again is written, because the SDK may repeat a write whose response was lost. If the presenter has
/// hidden the same answer, the hidden one is kept, so it stays hidden.
pub async fn put(store: &Store, response: &SlideResponse) -> Result<ReplaceOutcome<SlideResponse>> {
    let later = match response.seq {
        // Against an answer without a number, the order of arrival decides.
        Some(seq) => ConditionExpression::new(
            "(attribute_not_exists(pk) OR (attribute_type(seq, :number) AND seq <= :seq) OR (NOT attribute_type(seq, :number) AND received <= :received)) AND NOT (#hidden = :true AND answer = :answer)",
        )
        .text(":number", "N")
        .number(":seq", seq)
        .number(":received", response.received),
        None => ConditionExpression::new(
            "(attribute_not_exists(pk) OR received <= :received) AND NOT (#hidden = :true AND answer = :answer)",
        )
        .number(":received", response.received),
    };
    let later = later
        .name("#hidden", "hidden")
        .value(":true", AttributeValue::Bool(true))
        .serialized(":answer", &response.answer)?;
    store.replace_or_get(response, later).await
}

/// SESSIONS-21. Stores the first answer. The condition fails if there is one. It may be the same one, because the SDK
/// may repeat a write whose response was lost. 1 write unit.
pub async fn put_first(store: &Store, response: &SlideResponse) -> Result<WriteOutcome> {
    store.put_if(response, ConditionExpression::new("attribute_not_exists(pk)")).await
}

/// SESSIONS-21. Replaces an answer that the gateway received before `from`, in milliseconds since 1970. The condition
/// fails if there is none. 1 write unit.
pub async fn put_after_reset(store: &Store, response: &SlideResponse, from: i64) -> Result<WriteOutcome> {
    store.put_if(response, ConditionExpression::new("received < :from").number(":from", from)).await
}

/// SESSIONS-21. Corrects the time at which an answer was written, after a slow write. 1 write unit.
pub async fn update_stored_at(store: &Store, response: &SlideResponse, stored: i64) -> Result<WriteOutcome> {
    let change = UpdateExpression::new("SET #stored = :stored")
        .name("#stored", "stored")
        .with_condition("attribute_exists(pk) AND received = :received")
        .number(":stored", stored)
        .number(":received", response.received);
    store.update_without_return(&response.key(), change).await
}

/// SESSIONS-21. Hides or flags an answer as the presenter saw it, and returns the answer after the change. `None`
/// leaves a mark as it is. The condition fails if another answer has replaced it. 1 write unit.
pub async fn moderate(
    store: &Store,
    seen: &SlideResponse,
    hidden: Option<bool>,
    flagged: Option<bool>,
) -> Result<WriteOutcome<SlideResponse>> {
    let marks = [("hidden", hidden), ("flagged", flagged)];
    let marks: Vec<(&str, bool)> = marks.into_iter().filter_map(|(mark, is)| Some((mark, is?))).collect();
    if marks.is_empty() {
        return Ok(WriteOutcome::Applied(seen.clone()));
    }
    let set: Vec<String> = marks.iter().map(|(mark, _)| format!("#{mark} = :{mark}")).collect();
    let mut change = UpdateExpression::new(format!("SET {}", set.join(", ")))
        .with_condition("received = :received")
        .number(":received", seen.received);
    for (mark, is) in marks {
        change = change.name(&format!("#{mark}"), mark).value(&format!(":{mark}"), AttributeValue::Bool(is));
    }
    store.update(&seen.key(), change).await
}

/// SESSIONS-21. Returns the answer of a participant to a slide.
pub async fn get(
    store: &Store,
    session: SessionId,
    slide: SlideId,
    participant: ParticipantId,
    now: Timestamp,
) -> Result<Option<SlideResponse>> {
    store.get(&key(session, slide, participant), ReadConsistency::Strong, now).await
}

/// SESSIONS-22. Returns all answers to a slide. All shards are queried concurrently with strong reads, so a count sees
/// every answer that was acknowledged before it began.
pub async fn list_by_slide(
    store: &Store,
    session: SessionId,
    slide: SlideId,
    now: Timestamp,
) -> Result<Vec<SlideResponse>> {
    let shards = (0..VOTE_SHARDS).map(|shard| {
        let query =
            Query::with_prefix(&PartitionKey::Votes(session, slide, shard), prefix::PARTICIPANT).strong();
        store.query_all(query, now)
    });
    Ok(try_join_all(shards).await?.concat())
}

/// SESSIONS-22. Whether there is an answer to a slide. 2 read units at most.
pub async fn exists_for_slide(store: &Store, session: SessionId, slide: SlideId) -> Result<bool> {
    let shards = (0..VOTE_SHARDS).map(|shard| {
        let query =
            Query::with_prefix(&PartitionKey::Votes(session, slide, shard), prefix::PARTICIPANT).limit(1);
        store.query_once(query)
    });
    Ok(try_join_all(shards).await?.iter().any(|(found, _)| !found.is_empty()))
}
