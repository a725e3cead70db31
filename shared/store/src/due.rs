//! What is to happen later: the sparse `due` index. An item is in it while its [`crate::Item::due`] says when.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | D1 | what has fallen due | due | `0` | `due_at` ≤ now | [`due`] |

use jiff::Timestamp;
use serde::Deserialize;
use uuid::Uuid;

use crate::{Page, Query, Store, error::Result};

/// Something that has fallen due: its kind and its id.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Due {
    pub kind: String,
    pub id: Uuid,
}

/// D1: up to `limit`, oldest first.
pub async fn due(store: &Store, limit: usize, cursor: Option<&str>, now: Timestamp) -> Result<Page<Due>> {
    store.page(Query::due(now), limit, cursor, now).await
}
