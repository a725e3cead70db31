//! The end of a presentation.

use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use model::{Error, PresentationId, UserId};
use serde::Deserialize;

use super::{Presentation, key, slug_key};
use crate::{
    ConditionExpression, Key, Query, Store, UpdateExpression,
    dynamodb::{
        error::Result,
        key::{PartitionKey, SortKey, prefix},
    },
    presentations::slides::pointer_key,
};

/// Deletions under way at once.
const CONCURRENT_DELETES: usize = 16;

/// P1, P3, P4: deletes a presentation with its slides, notes and slug. Sessions that were held with it stay, with their
/// responses: they are history.
///
/// With the first write it is gone for everyone, and nothing can be added to it any more. What then remains of it goes
/// item by item, the item itself last, so that a deletion that was cut off can be asked for again and is finished.
///
/// # Errors
/// `NotFound` where there is none of this owner.
pub async fn delete(store: &Store, owner: UserId, id: PresentationId, now: Timestamp) -> model::Result<()> {
    let hide = UpdateExpression::new("SET deleted_at = :now, version = version + :one REMOVE gsi1pk, gsi1sk")
        .with_condition("#owner = :owner")
        .name("#owner", "owner")
        .text(":owner", owner)
        .serialized(":now", &now)?
        .number(":one", 1);
    let hidden = store.update::<Presentation>(&key(id), hide).await?.applied();
    let presentation = hidden.ok_or(Error::NotFound("presentation"))?;
    stream::iter(part_keys(store, id, now).await?)
        .map(|key| async move { store.delete(&key).await })
        .buffer_unordered(CONCURRENT_DELETES)
        .try_collect::<()>()
        .await?;
    let ours = ConditionExpression::new("presentation = :id").text(":id", id);
    store.delete_if(&slug_key(&presentation.slug), ours).await?;
    Ok(store.delete(&key(id)).await?)
}

#[derive(Deserialize)]
struct PresentationRowKey {
    pk: String,
    sk: String,
}

/// The keys of everything that belongs to a presentation, but for itself and its slug.
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
