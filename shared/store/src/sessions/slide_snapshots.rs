//! Slides as a session showed them. A report needs them, even if the presentation has changed or is deleted.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | SESSIONS-9 | one slide that was shown | table | `SESSION#{id}` | `SHOWN#{slide}` | [`get`], [`record`] |
//! | SESSIONS-10 | all slides that were shown | table | `SESSION#{id}` | `SHOWN#…` | [`list`] |

use jiff::Timestamp;
use model::{SessionId, SlideId, slide::SlideContent};
use serde::{Deserialize, Serialize};

use crate::{
    Item, Key, Query, ReadConsistency, Store, UpdateExpression, WriteOutcome,
    dynamodb::{
        error::Result,
        key::{PartitionKey, SortKey, prefix},
    },
};

/// A slide as it was when it was last shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlideSnapshot {
    pub session: SessionId,
    pub slide: SlideId,
    /// The index, from 0.
    pub index: usize,
    #[serde(flatten)]
    pub content: SlideContent,
    /// The time from which the speed of an answer is measured.
    pub first_at: Timestamp,
    pub last_at: Timestamp,
}

impl Item for SlideSnapshot {
    const KIND: &'static str = "slide_snapshot";

    fn key(&self) -> Key {
        key(self.session, self.slide)
    }
}

fn key(session: SessionId, slide: SlideId) -> Key {
    Key::new(&PartitionKey::Session(session), &SortKey::SlideSnapshot(slide))
}

/// SESSIONS-9. Records a slide as it is shown now. 1 write, or 2 if it was shown before. Write units by its size.
pub async fn record(store: &Store, shown: &SlideSnapshot) -> Result<()> {
    if store.put_new(shown, shown.last_at).await? == WriteOutcome::Applied(()) {
        return Ok(());
    }
    let change =
        UpdateExpression::new("SET #index = :index, #type = :type, #content = :content, last_at = :now")
            .name("#index", "index")
            .name("#type", "type")
            .name("#content", "content")
            .number(":index", shown.index)
            .text(":type", shown.content.kind().as_str())
            .serialized(":content", &shown.content.to_value())?
            .text(":now", shown.last_at);
    store.update_without_return(&shown.key(), change).await.map(drop)
}

/// SESSIONS-9. Returns a slide as it was last shown.
pub async fn get(
    store: &Store,
    session: SessionId,
    slide: SlideId,
    now: Timestamp,
) -> Result<Option<SlideSnapshot>> {
    store.get(&key(session, slide), ReadConsistency::Strong, now).await
}

/// SESSIONS-10. Returns all slides that were shown, in the order of the slides. About 2 KB each.
pub async fn list(store: &Store, session: SessionId, now: Timestamp) -> Result<Vec<SlideSnapshot>> {
    let query = Query::with_prefix(&PartitionKey::Session(session), prefix::SHOWN).strong();
    let mut found: Vec<SlideSnapshot> = store.query_all(query, now).await?;
    found.sort_by_key(|shown| (shown.index, shown.first_at));
    Ok(found)
}
