//! The sparse `due` index, which lists items that need work at a later time. An item is in it while its
//! [`crate::Item::due`] returns a time.

use jiff::Timestamp;
use uuid::Uuid;

use crate::{
    Key, Query, Store, UpdateExpression, WriteOutcome,
    dynamodb::{
        error::{Result, StoreError},
        item::{ItemAttributes, sortable_timestamp},
    },
};

/// An entry of the `due` index. An entry that no area can read is returned too, because it must be seen and must not hold up the
/// others.
#[derive(Clone, Debug)]
pub struct DueItem {
    key: Key,
    /// `due_at` as it was read.
    at: String,
    kind: Option<String>,
    id: Option<Uuid>,
}

impl DueItem {
    /// The partition of the item.
    pub(crate) fn partition(&self) -> &str {
        &self.key.pk
    }

    /// The `kind` and the `id` attribute of the item, if both can be read.
    pub(crate) fn kind_and_id(&self) -> Option<(&str, Uuid)> {
        Some((self.kind.as_deref()?, self.id?))
    }

    pub(crate) fn unknown_work_error(&self) -> StoreError {
        let Key { pk, sk } = &self.key;
        StoreError::InvalidRequest(format!(
            "no area knows what is due at {pk} {sk} ({:?}, {:?})",
            self.kind, self.id
        ))
    }

    fn from_attributes(item: &ItemAttributes) -> Option<Self> {
        let text = |name: &str| item.get(name)?.as_s().ok().cloned();
        Some(Self {
            key: Key { pk: text("pk")?, sk: text("sk")? },
            at: text("due_at")?,
            kind: text("kind"),
            id: text("id").and_then(|id| id.parse().ok()),
        })
    }
}

/// The position at which a listing continues. It never leaves the function, so it needs no signature.
#[derive(Clone, Debug)]
pub struct DueCursor(ItemAttributes);

/// Returns up to `limit` entries that are due at `now`, from a cursor on, oldest first.
pub(crate) async fn query_due(
    store: &Store,
    limit: i32,
    from: Option<DueCursor>,
    now: Timestamp,
) -> Result<(Vec<DueItem>, Option<DueCursor>)> {
    let query = Query::due(now).limit(limit).start(from.map(|next| next.0));
    let (items, next) = store.query_once(query).await?;
    // Every entry of the index has the keys of the index, so none is left out.
    Ok((items.iter().filter_map(DueItem::from_attributes).collect(), next.map(DueCursor)))
}

/// Sets `due_at` to `until`. The condition fails if `due_at` has changed since it was read, or is gone.
pub(crate) async fn set_due_at(store: &Store, due: &DueItem, until: Timestamp) -> Result<WriteOutcome> {
    let change = UpdateExpression::new("SET due_at = :until")
        .with_condition("due_at = :before")
        .text(":until", sortable_timestamp(until))
        .text(":before", &due.at);
    store.update_without_return(&due.key, change).await
}
