//! Deletion of images that no slide shows. Uses are not counted, because a counter would have to follow every change of
//! every slide without a mistake. The slides themselves are searched for the image instead.

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

/// The time after which an image that is in use is checked again.
const RECHECK_INTERVAL: SignedDuration = SignedDuration::from_hours(7 * 24);

/// PRESENTATIONS-12. Deletes an image that no slide of its owner has shown for a day, or schedules the next check.
/// Costs by the size of the owner's presentations, up to the first slide that shows it. A concurrent upload or deletion
/// of the image takes precedence.
pub async fn delete_if_unused(store: &Store, id: ImageId, now: Timestamp) -> Result<()> {
    let Some(image) = get(store, id, now).await? else { return Ok(()) };
    if is_used(store, image.owner, id, now).await? {
        return schedule_check(store, &image, None, now + RECHECK_INTERVAL).await;
    }
    let since = image.unused_since.unwrap_or(now);
    if since + UNUSED_PERIOD > now {
        return schedule_check(store, &image, Some(since), since + UNUSED_PERIOD).await;
    }
    let unchanged = ConditionExpression::new("check_at = :before").text(":before", image.check_at);
    if delete_row(store, &image, unchanged, now).await? == WriteOutcome::Applied(()) {
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

/// PRESENTATIONS-5, PRESENTATIONS-8. Whether a slide of the owner shows the image. Its URL may be in any field of a
/// slide, also within Markdown.
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

/// The content of a slide of any type.
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
