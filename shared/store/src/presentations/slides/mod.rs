//! Slides. The item of a slide contains its presentation but not its index. The index is its position in the
//! presentation's order ([`crate::presentations::Presentation::slides`]), so a change of one slide never renumbers the
//! others.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | PRESENTATIONS-6 | one slide of a presentation | table | `PRESENTATION#{id}` | `SLIDE#{slide}` | [`get`], [`replace`], [`insert`], [`remove`] |
//! | PRESENTATIONS-7 | a slide by its id alone, with its presentation | table | `SLIDE#{slide}` | `#` | [`locate`] |
//! | PRESENTATIONS-8 | the slides of a presentation | table | `PRESENTATION#{id}` | `SLIDE#…` | [`list`] |

mod slide_order;

use jiff::Timestamp;
use model::{PresentationId, SlideId, UserId};

pub use self::slide_order::{MovedSlide, append, insert, move_to, remove, reorder};
use super::{
    Presentation, get_owned,
    items::{SlidePointer, in_order, pointer_key, slide_key},
};
pub use crate::presentations::items::Slide;
use crate::{
    ConditionExpression, Query, ReadConsistency, Store, WriteOutcome,
    dynamodb::{
        error::{Result, StoreError},
        key::{PartitionKey, prefix},
    },
};

/// PRESENTATIONS-6. Returns a slide of a presentation.
pub async fn get(
    store: &Store,
    presentation: PresentationId,
    slide: SlideId,
    now: Timestamp,
) -> Result<Option<Slide>> {
    store.get(&slide_key(presentation, slide), ReadConsistency::Strong, now).await
}

/// A slide with its presentation and its index there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlideLocation {
    pub slide: Slide,
    pub index: usize,
    pub presentation: Presentation,
}

/// PRESENTATIONS-7. Returns a slide of an owner by its id. Three strong reads, however many slides the owner has.
///
/// # Errors
/// Returns [`StoreError::NotFound`] if there is none, or it belongs to another owner's presentation.
pub async fn locate(store: &Store, owner: UserId, id: SlideId, now: Timestamp) -> Result<SlideLocation> {
    const NOT_FOUND: StoreError = StoreError::NotFound("slide");
    let pointer: Option<SlidePointer> = store.get(&pointer_key(id), ReadConsistency::Strong, now).await?;
    let pointer = pointer.ok_or(NOT_FOUND)?;
    let slide_key = slide_key(pointer.presentation, id);
    let (presentation, slide) = futures::join!(
        get_owned(store, owner, pointer.presentation, now),
        store.get::<Slide>(&slide_key, ReadConsistency::Strong, now),
    );
    let presentation = presentation.map_err(|error| match error {
        StoreError::NotFound(_) => NOT_FOUND,
        error => error,
    })?;
    let slide = slide?.ok_or(NOT_FOUND)?;
    let index = presentation.slides.index_of(id).ok_or(NOT_FOUND)?;
    Ok(SlideLocation { slide, index, presentation })
}

/// PRESENTATIONS-8. Returns the slides in their order. Slides that are being added or deleted are left out.
pub async fn list(store: &Store, presentation: &Presentation, now: Timestamp) -> Result<Vec<Slide>> {
    let query = Query::with_prefix(&PartitionKey::Presentation(presentation.id), prefix::SLIDE).strong();
    Ok(in_order(&presentation.slides, store.query_all(query, now).await?))
}

/// PRESENTATIONS-6. Replaces a slide. `slide.version` is the next version already. The condition fails if the slide has
/// changed since it was read, or was deleted.
pub async fn replace(store: &Store, slide: &Slide) -> Result<WriteOutcome> {
    store.put_if(slide, unchanged(slide)).await
}

/// Returns the condition that nothing has changed since the version before `next`.
fn unchanged(next: &Slide) -> ConditionExpression {
    has_version(next.version - 1)
}

fn has_version(version: u64) -> ConditionExpression {
    ConditionExpression::new("version = :before").number(":before", version)
}
