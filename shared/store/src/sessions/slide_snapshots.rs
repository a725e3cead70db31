//! Slides as a session showed them: what a report tells of, whatever becomes of the presentation.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | H1 | one slide that was shown | table | `SESSION#{id}` | `SHOWN#{slide}` | [`get`], [`show`] |
//! | H2 | all that was shown | table | `SESSION#{id}` | `SHOWN#…` | [`list`] |

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

/// A slide as it was when it was shown last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlideSnapshot {
    pub session: SessionId,
    pub slide: SlideId,
    /// From 0.
    pub index: usize,
    #[serde(flatten)]
    pub content: SlideContent,
    /// What the speed of an answer is counted from.
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

/// H1: keeps a slide as it is shown now. 1 write, 2 where it was shown before; write units by its size.
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

/// H1.
pub async fn get(
    store: &Store,
    session: SessionId,
    slide: SlideId,
    now: Timestamp,
) -> Result<Option<SlideSnapshot>> {
    store.get(&key(session, slide), ReadConsistency::Strong, now).await
}

/// H2: in the order of the slides. Some 2 KB each.
pub async fn list(store: &Store, session: SessionId, now: Timestamp) -> Result<Vec<SlideSnapshot>> {
    let query = Query::with_prefix(&PartitionKey::Session(session), prefix::SHOWN).strong();
    let mut found: Vec<SlideSnapshot> = store.query_all(query, now).await?;
    found.sort_by_key(|shown| (shown.index, shown.first_at));
    Ok(found)
}
