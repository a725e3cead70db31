//! Slides. A slide's item knows its presentation but not its index: that is its place in the presentation's order
//! ([`crate::presentations::Presentation::slides`]), so no change of one slide ever renumbers the others.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | Q1 | one slide of a presentation | table | `PRESENTATION#{id}` | `SLIDE#{slide}` | [`get`] |
//! | Q2 | a slide by its id alone, with its presentation | table | `SLIDE#{slide}` | `#` | [`locate`] |
//! | Q3 | the slides of a presentation | table | `PRESENTATION#{id}` | `SLIDE#…` | [`list`] |

mod slide_order;

use std::collections::HashMap;

use jiff::Timestamp;
use model::{PresentationId, SlideId, UserId, presentation::SlideOrder, slide::SlideContent};
use serde::{Deserialize, Serialize};

pub use self::slide_order::{append, insert, move_to, remove, reorder};
use crate::{
    ConditionExpression, Item, Key, Query, ReadConsistency, Store, WriteOutcome,
    dynamodb::{
        error::Result,
        key::{PartitionKey, SortKey, prefix},
    },
    presentations::{self, Presentation},
};

/// A slide as it lies in the table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slide {
    pub id: SlideId,
    pub presentation: PresentationId,
    /// `type` and `content`.
    #[serde(flatten)]
    pub content: SlideContent,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Item for Slide {
    const KIND: &'static str = "slide";

    fn key(&self) -> Key {
        key(self.presentation, self.id)
    }
}

impl Slide {
    pub(crate) fn pointer(&self) -> SlidePointer {
        SlidePointer { slide: self.id, presentation: self.presentation }
    }
}

/// From a slide's id to where it lies.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SlidePointer {
    slide: SlideId,
    presentation: PresentationId,
}

impl Item for SlidePointer {
    const KIND: &'static str = "slide_pointer";

    fn key(&self) -> Key {
        pointer_key(self.slide)
    }
}

pub fn key(presentation: PresentationId, slide: SlideId) -> Key {
    Key::new(&PartitionKey::Presentation(presentation), &SortKey::Slide(slide))
}

pub(crate) fn pointer_key(slide: SlideId) -> Key {
    Key::new(&PartitionKey::SlideOf(slide), &SortKey::Self_)
}

/// Q1.
pub async fn get(
    store: &Store,
    presentation: PresentationId,
    slide: SlideId,
    now: Timestamp,
) -> Result<Option<Slide>> {
    store.get(&key(presentation, slide), ReadConsistency::Strong, now).await
}

/// A slide where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlideLocation {
    pub slide: Slide,
    pub index: usize,
    pub presentation: Presentation,
}

/// Q2, for its owner: three reads, whatever the owner has, that see every change that was acknowledged before.
///
/// # Errors
/// `NotFound` where there is none, or it is of someone else's presentation.
pub async fn locate(
    store: &Store,
    owner: UserId,
    id: SlideId,
    now: Timestamp,
) -> model::Result<SlideLocation> {
    const NONE: model::Error = model::Error::NotFound("slide");
    let pointer: SlidePointer =
        store.get(&pointer_key(id), ReadConsistency::Strong, now).await?.ok_or(NONE)?;
    let slide_key = key(pointer.presentation, id);
    let (presentation, slide) = futures::join!(
        presentations::get_owned(store, owner, pointer.presentation, now),
        store.get::<Slide>(&slide_key, ReadConsistency::Strong, now),
    );
    let presentation = presentation.map_err(|error| match error {
        model::Error::NotFound(_) => NONE,
        error => error,
    })?;
    let slide = slide?.ok_or(NONE)?;
    let index = presentation.slides.index_of(id).ok_or(NONE)?;
    Ok(SlideLocation { slide, index, presentation })
}

/// Q3: in their order. Slides that are being added or taken away at this moment are left out.
pub async fn list(store: &Store, presentation: &Presentation, now: Timestamp) -> Result<Vec<Slide>> {
    let query = Query::with_prefix(&PartitionKey::Presentation(presentation.id), prefix::SLIDE).strong();
    Ok(in_order(&presentation.slides, store.query_all(query, now).await?))
}

pub(crate) fn in_order(order: &SlideOrder, slides: Vec<Slide>) -> Vec<Slide> {
    let mut by_id: HashMap<SlideId, Slide> = slides.into_iter().map(|slide| (slide.id, slide)).collect();
    order.iter().filter_map(|id| by_id.remove(id)).collect()
}

/// Q1: replaces what is on a slide, unless somebody else has since it was read.
pub async fn replace_unchanged(store: &Store, before: &Slide, after: &Slide) -> Result<WriteOutcome> {
    let unmoved = ConditionExpression::new("updated_at = :before").text(":before", before.updated_at);
    store.put_if(after, unmoved).await
}

/// Q1: replaces what is on a slide.
///
/// # Errors
/// `NotFound` when it has been deleted.
pub async fn replace(store: &Store, slide: &Slide) -> model::Result<()> {
    let written = store.put_if(slide, ConditionExpression::exists()).await?;
    written.applied().ok_or(model::Error::NotFound("slide"))
}

#[cfg(test)]
mod tests {
    use model::slide::SlideType;
    use uuid::Uuid;

    use super::*;
    use crate::dynamodb::item::{from_attributes, to_attributes};

    #[test]
    fn every_type_of_slide_comes_back_as_it_was_written() {
        for kind in SlideType::ALL {
            let slide = Slide {
                id: Uuid::from_u128(1).into(),
                presentation: Uuid::from_u128(2).into(),
                content: SlideContent::default_for(*kind),
                created_at: Timestamp::UNIX_EPOCH,
                updated_at: Timestamp::UNIX_EPOCH,
            };
            let item = to_attributes(&slide).unwrap();
            assert_eq!(item["type"].as_s().unwrap(), kind.as_str());
            assert_eq!(from_attributes::<Slide>(item).unwrap(), slide);
        }
    }
}
