use jiff::Timestamp;
use model::{ParticipantId, QuestionId, SessionId};
use serde::{Deserialize, Serialize};

use super::{Question, key};
use crate::{
    Item, Key, Query, Store, UpdateExpression, WriteOutcome,
    dynamodb::{
        error::Result,
        key::{PartitionKey, SortKey, prefix},
    },
};

/// An up-vote. It is a row of its own, so that a repeated up-vote counts once.
#[derive(Debug, Serialize, Deserialize)]
struct QuestionUpvote {
    session: SessionId,
    question: QuestionId,
    participant: ParticipantId,
}

impl Item for QuestionUpvote {
    const KIND: &'static str = "question_upvote";

    fn key(&self) -> Key {
        upvote_key(self.session, self.question, self.participant)
    }
}

fn upvote_key(session: SessionId, question: QuestionId, participant: ParticipantId) -> Key {
    Key::new(&PartitionKey::Upvotes(session, question), &SortKey::Participant(participant))
}

/// SESSIONS-14. Sets or removes the up-vote of a participant. Idempotent. 1 write unit.
pub async fn set_upvote(
    store: &Store,
    session: SessionId,
    question: QuestionId,
    participant: ParticipantId,
    up: bool,
) -> Result<()> {
    if up {
        store.put(&QuestionUpvote { session, question, participant }).await
    } else {
        store.delete(&upvote_key(session, question, participant)).await
    }
}

/// SESSIONS-14. Returns the participants who voted for a question. 1 read unit for about thirty.
pub async fn list_upvoters(
    store: &Store,
    session: SessionId,
    question: QuestionId,
    now: Timestamp,
) -> Result<Vec<ParticipantId>> {
    let all = Query::with_prefix(&PartitionKey::Upvotes(session, question), prefix::PARTICIPANT).strong();
    let found: Vec<QuestionUpvote> = store.query_all(all, now).await?;
    Ok(found.into_iter().map(|upvote| upvote.participant).collect())
}

/// SESSIONS-14. Counts the up-votes of a question. 1 read unit for about thirty.
pub async fn count_upvotes(store: &Store, session: SessionId, question: QuestionId) -> Result<u64> {
    let all = Query::with_prefix(&PartitionKey::Upvotes(session, question), prefix::PARTICIPANT).strong();
    store.count(all).await
}

/// SESSIONS-12. Stores a count of up-votes. The condition fails if a newer one exists, or the question is gone. A
/// count of the same time is stored again, as for all counts.
pub async fn save_upvote_count(
    store: &Store,
    session: SessionId,
    question: QuestionId,
    upvotes: u64,
    as_of: i64,
) -> Result<WriteOutcome<Question>> {
    let change =
        UpdateExpression::new("SET upvotes = :upvotes, upvotes_as_of = :as_of, version = version + :one")
            .with_condition("attribute_exists(pk) AND upvotes_as_of <= :as_of")
            .number(":upvotes", upvotes)
            .number(":as_of", as_of)
            .number(":one", 1);
    store.update(&key(session, question), change).await
}
