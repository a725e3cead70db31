//! Deletion of a presentation.

use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use model::{PresentationId, UserId};
use serde::Deserialize;

use super::items::{Presentation, pointer_key, presentation_key, slug_key};
use crate::{
    ConditionExpression, Key, Query, Store, UpdateExpression,
    dynamodb::{
        error::{Result, StoreError},
        key::{PartitionKey, SortKey, prefix},
    },
};

/// The number of concurrent deletions.
const CONCURRENT_DELETES: usize = 16;

/// PRESENTATIONS-1, PRESENTATIONS-3, PRESENTATIONS-4. Deletes a presentation with its slides, notes and slug. Sessions
/// that were held with it stay as history, with their responses.
///
/// The first write hides the presentation from everyone, and nothing can be added to it any more. Its parts are deleted
/// item by item, and the presentation itself last. So a deletion that was interrupted can be requested again and
/// completes.
///
/// # Errors
/// Returns [`StoreError::NotFound`] if the owner has no such presentation.
pub async fn delete(store: &Store, owner: UserId, id: PresentationId, now: Timestamp) -> Result<()> {
    let hide = UpdateExpression::new("SET deleted_at = :now, version = version + :one REMOVE gsi1pk, gsi1sk")
        .with_condition("#owner = :owner")
        .name("#owner", "owner")
        .text(":owner", owner)
        .serialized(":now", &now)?
        .number(":one", 1);
    let hidden = store.update::<Presentation>(&presentation_key(id), hide).await?.applied();
    let presentation = hidden.ok_or(StoreError::NotFound("presentation"))?;
    stream::iter(part_keys(store, id, now).await?)
        .map(|key| async move { store.delete(&key).await })
        .buffer_unordered(CONCURRENT_DELETES)
        .try_collect::<()>()
        .await?;
    let same_presentation = ConditionExpression::new("presentation = :id").text(":id", id);
    store.delete_if(&slug_key(&presentation.slug), same_presentation).await?;
    store.delete(&presentation_key(id)).await
}

#[derive(Deserialize)]
struct PresentationRowKey {
    pk: String,
    sk: String,
}

/// Returns the keys of all parts of a presentation, except itself and its slug.
async fn part_keys(store: &Store, id: PresentationId, now: Timestamp) -> Result<Vec<Key>> {
    let query = Query::partition(&PartitionKey::Presentation(id)).strong().project("pk, sk");
    let parts: Vec<PresentationRowKey> = store.query_all(query, now).await?;
    let mut keys = Vec::with_capacity(parts.len() * 2);
    for PresentationRowKey { pk, sk } in parts {
        if sk == SortKey::Self_.to_string() {
            continue;
        }
        let slide = sk.strip_prefix(prefix::SLIDE).and_then(|slide| slide.parse().ok());
        keys.extend(slide.map(pointer_key));
        keys.push(Key { pk, sk });
    }
    Ok(keys)
}
