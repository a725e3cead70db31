//! Deletion of a presentation.

use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use model::{ExpectedVersion, PresentationId, UserId};
use serde::Deserialize;

use super::items::{Presentation, pointer_key, presentation_key, slug_key};
use crate::{
    ConditionExpression, Key, Query, ReadConsistency, Store, UpdateExpression, WriteOutcome,
    dynamodb::{
        error::{Result, StoreError, require_version},
        key::{PartitionKey, SortKey, prefix},
    },
    retry_conflict,
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
/// Returns [`StoreError::NotFound`] if the owner has no such presentation, and [`StoreError::VersionMismatch`] if it
/// does not have an expected version. A deletion that was interrupted continues in any version.
pub async fn delete(
    store: &Store,
    owner: UserId,
    id: PresentationId,
    expected: &ExpectedVersion,
    now: Timestamp,
) -> Result<()> {
    let presentation = retry_conflict("the presentation", || hide(store, owner, id, expected, now)).await?;
    stream::iter(part_keys(store, id, now).await?)
        .map(|key| async move { store.delete(&key).await })
        .buffer_unordered(CONCURRENT_DELETES)
        .try_collect::<()>()
        .await?;
    let same_presentation = ConditionExpression::new("presentation = :id").text(":id", id);
    store.delete_if(&slug_key(&presentation.slug), same_presentation).await?;
    store.delete(&presentation_key(id)).await
}

/// Hides a presentation. The condition fails if it has changed since its version was checked.
async fn hide(
    store: &Store,
    owner: UserId,
    id: PresentationId,
    expected: &ExpectedVersion,
    now: Timestamp,
) -> Result<WriteOutcome<Presentation>> {
    const NOT_FOUND: StoreError = StoreError::NotFound("presentation");
    let key = presentation_key(id);
    let mut hide =
        UpdateExpression::new("SET deleted_at = :now, version = version + :one REMOVE gsi1pk, gsi1sk")
            .with_condition("#owner = :owner")
            .name("#owner", "owner")
            .text(":owner", owner)
            .serialized(":now", &now)?
            .number(":one", 1);
    if expected.is_any() {
        let hidden = store.update(&key, hide).await?.applied();
        return hidden.ok_or(NOT_FOUND).map(WriteOutcome::Applied);
    }
    let before: Option<Presentation> = store.get(&key, ReadConsistency::Strong, now).await?;
    let before = before.filter(|before| before.owner == owner).ok_or(NOT_FOUND)?;
    if before.is_available() {
        require_version(expected, before.version)?;
    }
    hide = hide.and_condition("version = :before").number(":before", before.version);
    store.update(&key, hide).await
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
