//! Answers to slides: the hot path of a live talk. One `PutItem` each, no counter, no transaction; counts are queries.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | V1 | a participant's answer to a slide | table | `VOTES#{session}#{slide}#{shard}` | `PARTICIPANT#{id}` | [`get`], [`put`], [`put_first`], [`put_anew`] |
//! | V2 | all answers to a slide | table | the four shards | `PARTICIPANT#…` | [`of_slide`], [`any`] |

use aws_sdk_dynamodb::types::AttributeValue;
use futures::future::try_join_all;
use jiff::Timestamp;
use model::{ParticipantId, ResponseId, SessionId, SlideId, slide::AnswerContent};
use serde::{Deserialize, Serialize};

use crate::{
    ConditionExpression, Item, Key, Query, ReadConsistency, Store, UpdateExpression, WriteOutcome,
    dynamodb::{
        error::Result,
        key::{PartitionKey, SortKey, VOTE_SHARDS, prefix, vote_shard},
    },
};

/// An answer. A changed mind is written over it under the same id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlideResponse {
    pub id: ResponseId,
    pub session: SessionId,
    pub slide: SlideId,
    pub participant: ParticipantId,
    pub display_name: Option<String>,
    pub answer: AnswerContent,
    /// The client's own order, where it has one.
    pub seq: Option<i64>,
    /// Milliseconds at which the gateway received it: the order where the client has none.
    pub received: i64,
    /// Milliseconds at which it was written: what is new to a count.
    pub stored: i64,
    /// By the presenter: in no count and no cloud. Another answer is seen again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hidden: bool,
    /// Marked by the presenter; nobody else sees it.
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

/// V1: the later answer wins, whichever invocation comes first; `Refused` says that this one is older. The same one once
/// more (a write whose answer was lost, and that the SDK sent again) is `Done`; where the presenter has hidden it, it stays
/// hidden, and that is `Refused`. 1 write unit.
pub async fn put(store: &Store, response: &SlideResponse) -> Result<WriteOutcome> {
    let later = match response.seq {
        // against an answer without a number, the order of arrival decides
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
    store.put_if(response, later).await
}

/// V1: the first answer stands; `Refused` says that one lies there, perhaps the same (a write whose answer was lost, and that
/// the SDK sent again). 1 write unit.
pub async fn put_first(store: &Store, response: &SlideResponse) -> Result<WriteOutcome> {
    store.put_if(response, ConditionExpression::new("attribute_not_exists(pk)")).await
}

/// V1: takes the place of an answer from before `from`, in milliseconds since 1970; `Refused` where none such lies there. 1
/// write unit.
pub async fn put_after_reset(store: &Store, response: &SlideResponse, from: i64) -> Result<WriteOutcome> {
    store.put_if(response, ConditionExpression::new("received < :from").number(":from", from)).await
}

/// V1: says that an answer was written later than it says, where the writing took long. 1 write unit.
pub async fn update_stored_at(store: &Store, response: &SlideResponse, stored: i64) -> Result<WriteOutcome> {
    let change = UpdateExpression::new("SET #stored = :stored")
        .name("#stored", "stored")
        .with_condition("attribute_exists(pk) AND received = :received")
        .number(":stored", stored)
        .number(":received", response.received);
    store.update_without_return(&response.key(), change).await
}

/// V1: hides or marks an answer as the presenter saw it, and says how it is then; `None` stays. `Refused` where another one
/// has taken its place. 1 write unit.
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

/// V1.
pub async fn get(
    store: &Store,
    session: SessionId,
    slide: SlideId,
    participant: ParticipantId,
    now: Timestamp,
) -> Result<Option<SlideResponse>> {
    store.get(&key(session, slide, participant), ReadConsistency::Strong, now).await
}

/// V2: every shard at once, strongly: a count sees every answer that was acknowledged before it began.
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

/// V2: was it answered at all? At most 2 read units.
pub async fn exists_for_slide(store: &Store, session: SessionId, slide: SlideId) -> Result<bool> {
    let shards = (0..VOTE_SHARDS).map(|shard| {
        let query =
            Query::with_prefix(&PartitionKey::Votes(session, slide, shard), prefix::PARTICIPANT).limit(1);
        store.query_once(query)
    });
    Ok(try_join_all(shards).await?.iter().any(|(found, _)| !found.is_empty()))
}
