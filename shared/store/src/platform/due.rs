//! Work that is due, of all areas. Each area declares its own work in its `due.rs`, and this file only assembles the areas.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | PLATFORM-4 | which work is due | due | `0` | `due_at` ≤ now | [`list_due`], [`postpone`] |

use jiff::Timestamp;

use crate::{
    Store, WriteOutcome,
    chat::due::ChatDueWork,
    dynamodb::{due, error::Result},
    identity::due::IdentityDueWork,
    presentations::due::PresentationsDueWork,
    sessions::due::SessionsDueWork,
};

pub use crate::dynamodb::due::{DueCursor, DueItem};

/// Work that is due, by its area.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DueWork {
    Identity(IdentityDueWork),
    Presentations(PresentationsDueWork),
    Sessions(SessionsDueWork),
    Chat(ChatDueWork),
}

impl DueItem {
    /// Returns the work that the item needs.
    ///
    /// # Errors
    /// [`crate::StoreError::InvalidRequest`] if no area knows the kind of the item, or the item has no valid id.
    pub fn work(&self) -> Result<DueWork> {
        IdentityDueWork::from_item(self)
            .map(DueWork::Identity)
            .or_else(|| PresentationsDueWork::from_item(self).map(DueWork::Presentations))
            .or_else(|| SessionsDueWork::from_item(self).map(DueWork::Sessions))
            .or_else(|| ChatDueWork::from_item(self).map(DueWork::Chat))
            .ok_or_else(|| self.unknown_work_error())
    }
}

/// PLATFORM-4. Returns up to `limit` items that are due, from a cursor on, oldest first.
pub async fn list_due(
    store: &Store,
    limit: i32,
    from: Option<DueCursor>,
    now: Timestamp,
) -> Result<(Vec<DueItem>, Option<DueCursor>)> {
    due::query_due(store, limit, from, now).await
}

/// PLATFORM-4. Makes an item due at `until`. The condition fails if another caller has moved it or taken it out of the index. 2
/// write units.
pub async fn postpone(store: &Store, item: &DueItem, until: Timestamp) -> Result<WriteOutcome> {
    due::set_due_at(store, item, until).await
}
