//! What a model writes on slides: summaries and conclusions, with how far it is.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | W1 | what is written on a slide | table | `SESSION#{id}` | `GENERATION#{slide}` | [`get`], [`request`], [`finish`] |
//! | W2 | what was asked for and is not done | due | – | `write_by` | [`crate::platform::due::due`] |

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
    /// The slide that it is written on.
    #[serde(rename = "id")]
    pub slide: SlideId,
    pub status: GenerationStatus,
    pub requested_at: Timestamp,
    pub finished_at: Option<Timestamp>,
    pub provider: Option<String>,
    /// Why it failed, for its owner.
    pub error: Option<String>,
    /// While it is not done: when its job is sent once more.
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

/// W1.
pub async fn get(
    store: &Store,
    session: SessionId,
    slide: SlideId,
    now: Timestamp,
) -> Result<Option<SlideGeneration>> {
    store.get(&key(session, slide), ReadConsistency::Strong, now).await
}

/// W1: asks for it; `Refused` where it has been asked for and is not done. `first` asks only where nothing came of it yet.
pub async fn request(store: &Store, generation: &SlideGeneration, first: bool) -> Result<WriteOutcome> {
    let condition = if first {
        ConditionExpression::new("attribute_not_exists(pk) OR #status = :status").text(":status", "failed")
    } else {
        ConditionExpression::new("attribute_not_exists(pk) OR #status <> :status").text(":status", "queued")
    };
    store.put_if(generation, condition.name("#status", "status")).await
}

/// W1: it is done, or failed; `Refused` where it has been asked for anew.
pub async fn finish(store: &Store, generation: &SlideGeneration) -> Result<WriteOutcome> {
    let ours = ConditionExpression::new("requested_at = :asked").text(":asked", generation.requested_at);
    store.put_if(generation, ours).await
}
