//! Text that a model writes on slides, such as summaries and conclusions, with its status.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | SESSIONS-17 | the text of a slide | table | `SESSION#{id}` | `GENERATION#{slide}` | [`get`], [`request`], [`finish`] |
//! | SESSIONS-18 | texts that were requested and are not written | due | `0` | `due_at` | [`SlideGeneration::due`] |

use jiff::Timestamp;
use model::{SessionId, SlideId, assistant::GenerationStatus};
use serde::{Deserialize, Serialize};

use crate::{
    ConditionExpression, Item, Key, ReadConsistency, Store, WriteOutcome,
    dynamodb::{
        error::Result,
        key::{PartitionKey, SortKey},
    },
};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlideGeneration {
    pub session: SessionId,
    /// The slide that the text is for.
    #[serde(rename = "id")]
    pub slide: SlideId,
    pub status: GenerationStatus,
    pub requested_at: Timestamp,
    pub finished_at: Option<Timestamp>,
    pub provider: Option<String>,
    /// Why it failed, for the owner of the session.
    pub error: Option<String>,
    /// When the job is sent again, while the text is not written.
    pub write_by: Option<Timestamp>,
}

impl Item for SlideGeneration {
    const KIND: &'static str = "slide_generation";

    fn key(&self) -> Key {
        key(self.session, self.slide)
    }

    fn due(&self) -> Option<Timestamp> {
        self.write_by
    }
}

fn key(session: SessionId, slide: SlideId) -> Key {
    Key::new(&PartitionKey::Session(session), &SortKey::Generation(slide))
}

/// SESSIONS-17. Returns the generation of a slide.
pub async fn get(
    store: &Store,
    session: SessionId,
    slide: SlideId,
    now: Timestamp,
) -> Result<Option<SlideGeneration>> {
    store.get(&key(session, slide), ReadConsistency::Strong, now).await
}

/// SESSIONS-17. Requests a text. The condition fails if a request is in progress. With `first`, it also fails if a text
/// was written already.
pub async fn request(store: &Store, generation: &SlideGeneration, first: bool) -> Result<WriteOutcome> {
    let condition = if first {
        ConditionExpression::new("attribute_not_exists(pk) OR #status = :status").text(":status", "failed")
    } else {
        ConditionExpression::new("attribute_not_exists(pk) OR #status <> :status").text(":status", "queued")
    };
    store.put_if(generation, condition.name("#status", "status")).await
}

/// SESSIONS-17. Stores that the text was written, or that it failed. The condition fails if it has been requested
/// again.
pub async fn finish(store: &Store, generation: &SlideGeneration) -> Result<WriteOutcome> {
    let same_request =
        ConditionExpression::new("requested_at = :asked").text(":asked", generation.requested_at);
    store.put_if(generation, same_request).await
}
