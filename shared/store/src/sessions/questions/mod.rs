//! What the audience asks.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | N1 | one question | table | `QUESTIONS#{session}` | `QUESTION#{id}` | [`get`], [`ask`], [`change`] |
//! | N2 | all of a session | table | `QUESTIONS#{session}` | `QUESTION#…` | [`list`], [`list_strong`] |
//! | N3 | an up-vote, and all of a question | table | `UPVOTES#{session}#{question}` | `PARTICIPANT#{id}` | [`upvote`], [`upvoters`], [`count_upvotes`] |
//! | N4 | questions that wait for the assistant | due | – | `answer_by` | [`crate::platform::due::due`] |

mod upvotes;

use jiff::Timestamp;
use model::{
    ParticipantId, QuestionId, SessionId, SlideId,
    assistant::{AssistantStatus, Citation},
    question::QuestionStatus,
};
use serde::{Deserialize, Serialize};

pub use self::upvotes::{count_upvotes, list_upvoters, save_upvote_count, set_upvote};
use crate::{
    ConditionExpression, Item, Key, Query, ReadConsistency, Store, WriteOutcome,
    dynamodb::{
        error::Result,
        key::{PartitionKey, SortKey, prefix},
    },
};

/// A question as it lies in the table. Every change writes it whole, on the condition that its version has not moved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    pub id: QuestionId,
    pub session: SessionId,
    /// What was on the screen.
    pub slide: Option<SlideId>,
    pub participant: ParticipantId,
    pub display_name: Option<String>,
    pub text: String,
    pub status: QuestionStatus,
    /// The question that asks the same, where it is `merged`.
    pub merged_into: Option<QuestionId>,
    /// Others were merged into it, some time: whoever answers it has them to look for.
    #[serde(default)]
    pub has_merged: bool,
    pub pinned: bool,
    /// Marked by the presenter; nobody else sees it.
    pub flagged: bool,
    pub upvotes: u64,
    /// Milliseconds since 1970: when the up-votes were counted.
    pub upvotes_as_of: i64,
    pub assistant: AssistantStatus,
    pub answer: Option<QuestionReply>,
    /// What the assistant would answer, where the presenter is to approve it.
    pub draft: Option<QuestionReply>,
    /// Rises by one with every change; what events carry.
    pub version: u64,
    pub asked_at: Timestamp,
    /// While the assistant has not answered: when its job is sent once more.
    pub answer_by: Option<Timestamp>,
}

/// An answer to a question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuestionReply {
    pub text: String,
    /// `None` where the presenter wrote it.
    pub provider: Option<String>,
    pub model: Option<String>,
    #[serde(default)]
    pub citations: Vec<Citation>,
    pub at: Timestamp,
}

impl Item for Question {
    const KIND: &'static str = "question";

    fn key(&self) -> Key {
        key(self.session, self.id)
    }

    fn due(&self) -> Option<Timestamp> {
        self.answer_by
    }
}

fn key(session: SessionId, id: QuestionId) -> Key {
    Key::new(&PartitionKey::Questions(session), &SortKey::Question(id))
}

/// N1. Strong: it is answered right after it was asked.
pub async fn get(
    store: &Store,
    session: SessionId,
    id: QuestionId,
    now: Timestamp,
) -> Result<Option<Question>> {
    store.get(&key(session, id), ReadConsistency::Strong, now).await
}

/// N1: stores a question, unless the same participant has asked it already. 1 write unit by KB, 2 while the assistant is to
/// answer (the `due` index).
pub async fn create(store: &Store, question: &Question, now: Timestamp) -> Result<WriteOutcome> {
    store.put_new(question, now).await
}

/// N1: changes a question, again and again until nobody came first; `None` from `change` leaves it as it is.
///
/// # Errors
/// `NotFound` where there is none, and what `change` says.
pub async fn change(
    store: &Store,
    session: SessionId,
    id: QuestionId,
    now: Timestamp,
    change: impl Fn(&mut Question) -> model::Result<bool>,
) -> model::Result<Question> {
    change_with_before(store, session, id, now, change).await.map(|(_, after)| after)
}

/// N1: as [`change`]; how it was before, and how it is after. Equal where it was left as it is.
///
/// # Errors
/// As [`change`].
pub async fn change_with_before(
    store: &Store,
    session: SessionId,
    id: QuestionId,
    now: Timestamp,
    change: impl Fn(&mut Question) -> model::Result<bool>,
) -> model::Result<(Question, Question)> {
    /// Against up-votes that are counted and the assistant that answers meanwhile.
    const MAX_ATTEMPTS: usize = 8;
    for _ in 0..MAX_ATTEMPTS {
        let before = get(store, session, id, now).await?.ok_or(model::Error::NotFound("question"))?;
        let mut question = before.clone();
        if !change(&mut question)? {
            return Ok((before.clone(), before));
        }
        question.version += 1;
        let unmoved = ConditionExpression::new("version = :before").number(":before", question.version - 1);
        if store.put_if(&question, unmoved).await? == WriteOutcome::Applied(()) {
            return Ok((before, question));
        }
        // refused by itself: the write was done, its answer was lost, and the SDK sent it again
        if get(store, session, id, now).await?.as_ref() == Some(&question) {
            return Ok((before, question));
        }
    }
    Err(model::Error::unavailable("the question", "it changed under eight tries"))
}

/// N2: all of them, as they were asked, a moment ago. A question is some 0.7 KB: 1 read unit for twelve.
pub async fn list(store: &Store, session: SessionId, now: Timestamp) -> Result<Vec<Question>> {
    query_questions(store, Query::with_prefix(&PartitionKey::Questions(session), prefix::QUESTION), now).await
}

/// N2: as they are, where it decides something. 1 read unit for six.
pub async fn list_strong(store: &Store, session: SessionId, now: Timestamp) -> Result<Vec<Question>> {
    query_questions(
        store,
        Query::with_prefix(&PartitionKey::Questions(session), prefix::QUESTION).strong(),
        now,
    )
    .await
}

async fn query_questions(store: &Store, query: Query, now: Timestamp) -> Result<Vec<Question>> {
    let mut found: Vec<Question> = store.query_all(query, now).await?;
    found.sort_by_key(|question| (question.asked_at, question.id));
    Ok(found)
}
