//! Questions of the audience.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | SESSIONS-12 | one question | table | `QUESTIONS#{session}` | `QUESTION#{id}` | [`get`], [`create`], [`change`], [`save_upvote_count`] |
//! | SESSIONS-13 | all questions of a session | table | `QUESTIONS#{session}` | `QUESTION#…` | [`list`], [`list_strong`] |
//! | SESSIONS-14 | an up-vote, and all of a question | table | `UPVOTES#{session}#{question}` | `PARTICIPANT#{id}` | [`set_upvote`], [`list_upvoters`], [`count_upvotes`] |
//! | SESSIONS-15 | questions that wait for the assistant | due | `0` | `due_at` | [`Question::due`] |

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
        error::{Result, StoreError},
        key::{PartitionKey, SortKey, prefix},
    },
    retry_conflict,
};

/// A question as it is stored. Every change replaces the whole item, on the condition that its version has not changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    pub id: QuestionId,
    pub session: SessionId,
    /// The slide that was on the screen.
    pub slide: Option<SlideId>,
    pub participant: ParticipantId,
    pub display_name: Option<String>,
    pub text: String,
    pub status: QuestionStatus,
    /// The question with the same content, if the status is `merged`.
    pub merged_into: Option<QuestionId>,
    /// Other questions were merged into this one. An answer is published for them too.
    #[serde(default)]
    pub has_merged: bool,
    pub pinned: bool,
    /// Marked by the presenter. Only the presenter sees it.
    pub flagged: bool,
    pub upvotes: u64,
    /// When the up-votes were counted, in milliseconds since 1970.
    pub upvotes_as_of: i64,
    pub assistant: AssistantStatus,
    pub answer: Option<QuestionReply>,
    /// The assistant's answer that waits for the presenter's approval.
    pub draft: Option<QuestionReply>,
    /// Grows by one with every change. Events carry it.
    pub version: u64,
    pub asked_at: Timestamp,
    /// When the assistant's job is sent again, while there is no answer.
    pub answer_by: Option<Timestamp>,
}

/// An answer to a question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuestionReply {
    pub text: String,
    /// `None` if the presenter wrote the answer.
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

/// SESSIONS-12. Returns a question. Strong, because it is answered right after it was asked.
pub async fn get(
    store: &Store,
    session: SessionId,
    id: QuestionId,
    now: Timestamp,
) -> Result<Option<Question>> {
    store.get(&key(session, id), ReadConsistency::Strong, now).await
}

/// SESSIONS-12. Stores a question. The condition fails if the same participant has asked it already. 1 write unit for
/// each KB, 2 while it waits for the assistant, because of the index.
pub async fn create(store: &Store, question: &Question, now: Timestamp) -> Result<WriteOutcome> {
    store.put_new(question, now).await
}

/// SESSIONS-12. Changes a question, and repeats the change if a concurrent one came first. `change` returns `false` to
/// leave the question as it is.
///
/// # Errors
/// Returns [`StoreError::NotFound`] if there is no such question, and the error of `change`.
pub async fn change<E: From<StoreError>>(
    store: &Store,
    session: SessionId,
    id: QuestionId,
    now: Timestamp,
    change: impl Fn(&mut Question) -> Result<bool, E>,
) -> Result<Question, E> {
    change_with_before(store, session, id, now, change).await.map(|(_, after)| after)
}

/// SESSIONS-12. Changes a question as [`change`] does, and returns it before and after the change. The two are equal if
/// nothing changed.
///
/// # Errors
/// As [`change`].
pub async fn change_with_before<E: From<StoreError>>(
    store: &Store,
    session: SessionId,
    id: QuestionId,
    now: Timestamp,
    change: impl Fn(&mut Question) -> Result<bool, E>,
) -> Result<(Question, Question), E> {
    let change = &change;
    // The counter of up-votes and the assistant change questions concurrently.
    retry_conflict("the question", || async move {
        let before = get(store, session, id, now).await?.ok_or(StoreError::NotFound("question"))?;
        let mut question = before.clone();
        if !change(&mut question)? {
            return Ok(WriteOutcome::Applied((before.clone(), before)));
        }
        question.version += 1;
        let unchanged = ConditionExpression::new("version = :before").number(":before", before.version);
        let written = store.put_if(&question, unchanged).await?;
        // The condition also fails if the write was applied, its response was lost, and the SDK sent it again.
        let is_stored = written == WriteOutcome::Applied(())
            || get(store, session, id, now).await?.as_ref() == Some(&question);
        Ok(if is_stored { WriteOutcome::Applied((before, question)) } else { WriteOutcome::ConditionFailed })
    })
    .await
}

/// SESSIONS-13. Returns all questions in the order in which they were asked, eventually consistent. A question is about
/// 0.7 KB, so 1 read unit is for twelve.
pub async fn list(store: &Store, session: SessionId, now: Timestamp) -> Result<Vec<Question>> {
    query_questions(store, Query::with_prefix(&PartitionKey::Questions(session), prefix::QUESTION), now).await
}

/// SESSIONS-13. Returns all questions with a strong read, where a decision depends on them. 1 read unit for six.
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
