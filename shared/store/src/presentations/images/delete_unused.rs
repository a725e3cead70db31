//! Whether an image is still shown. Nobody counts uses: a count would have to follow every change of every slide, and be
//! right. The slides themselves say it, whenever somebody looks.

use jiff::{SignedDuration, Timestamp};
use model::{ImageId, PresentationId, UserId, image::file_stem};
use serde::Deserialize;
use serde_json::Value;

use super::{StoredImage, UNUSED_PERIOD, delete_row, get, key};
use crate::{
    ConditionExpression, Query, Store, UpdateExpression, WriteOutcome,
    dynamodb::{
        error::Result,
        item::sortable_timestamp,
        key::{PartitionKey, prefix},
    },
    presentations,
};

/// When to look again at an image that is shown.
const RECHECK_INTERVAL: SignedDuration = SignedDuration::from_hours(7 * 24);

/// G4: deletes an image that no slide of its owner has shown for a day, or says when to look again. As dear as the owner's
/// presentations are large; a slide that shows it ends the look. Whatever happens to the image meanwhile (uploaded again,
/// deleted) comes first.
pub async fn delete_if_unused(store: &Store, id: ImageId, now: Timestamp) -> Result<()> {
    let Some(image) = get(store, id, now).await? else { return Ok(()) };
    if is_used(store, image.owner, id, now).await? {
        return schedule_check(store, &image, None, now + RECHECK_INTERVAL).await;
    }
    let since = image.unused_since.unwrap_or(now);
    if since + UNUSED_PERIOD > now {
        return schedule_check(store, &image, Some(since), since + UNUSED_PERIOD).await;
    }
    let unmoved = ConditionExpression::new("check_at = :before").text(":before", image.check_at);
    if delete_row(store, &image, unmoved, now).await? == WriteOutcome::Applied(()) {
        tracing::info!(image = %id, "an image that nothing shows was deleted");
    }
    Ok(())
}

async fn schedule_check(
    store: &Store,
    image: &StoredImage,
    unused_since: Option<Timestamp>,
    at: Timestamp,
) -> Result<()> {
    let change = UpdateExpression::new("SET unused_since = :since, check_at = :at, due_at = :due")
        .with_condition("check_at = :before")
        .serialized(":since", &unused_since)?
        .text(":at", at)
        .text(":due", sortable_timestamp(at))
        .text(":before", image.check_at);
    store.update_without_return(&key(image.id), change).await.map(drop)
}

/// P5, Q3: a URL may stand in any field of a slide, and within Markdown.
async fn is_used(store: &Store, owner: UserId, id: ImageId, now: Timestamp) -> Result<bool> {
    let name = file_stem(id);
    for presentation in
        presentations::list(store, owner, &presentations::PresentationFilter::default(), now).await?
    {
        if presentation_uses(store, presentation.id, &name, now).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What is on a slide, whatever its type.
#[derive(Deserialize)]
struct SlideContentRow {
    content: Value,
}

async fn presentation_uses(
    store: &Store,
    presentation: PresentationId,
    name: &str,
    now: Timestamp,
) -> Result<bool> {
    let query =
        Query::with_prefix(&PartitionKey::Presentation(presentation), prefix::SLIDE).project("content");
    let slides: Vec<SlideContentRow> = store.query_all(query, now).await?;
    Ok(slides.iter().any(|slide| slide.content.to_string().contains(name)))
}
