//! The items of presentations and slides, and their keys.

use std::collections::HashMap;

use jiff::Timestamp;
use model::{
    PresentationId, SlideId, UserId,
    presentation::{PresentationStatus, SlideOrder, Slug},
    slide::SlideContent,
};
use serde::{Deserialize, Serialize};

use crate::{
    Item, Key,
    dynamodb::{
        item::sortable_timestamp,
        key::{Gsi1Partition, PartitionKey, SortKey},
    },
};

/// A presentation as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Presentation {
    pub id: PresentationId,
    pub owner: UserId,
    pub title: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    pub slug: Slug,
    pub status: PresentationStatus,
    /// The slides in the order in which they are shown. The index of a slide is its position here.
    pub slides: SlideOrder,
    /// Grows with every change of this item.
    pub version: u64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// The text that a search looks through, because `contains` distinguishes upper and lower case.
    pub(super) title_lower: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) description_lower: Option<String>,
    /// Set while the presentation is being deleted. It is hidden, and a repeated request continues the deletion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    deleted_at: Option<Timestamp>,
}

impl Presentation {
    /// Creates a draft without slides. [`super::create`] replaces the slug if it is taken.
    pub fn new(
        id: PresentationId,
        owner: UserId,
        title: String,
        description: Option<String>,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            owner,
            title_lower: title.to_lowercase(),
            description_lower: description.as_deref().map(str::to_lowercase),
            slug: Slug::from_title(&title, &mut rand::rng()),
            title,
            description,
            status: PresentationStatus::default(),
            slides: SlideOrder::default(),
            version: 1,
            created_at: now,
            updated_at: now,
            deleted_at: None,
        }
    }

    pub(super) fn is_available(&self) -> bool {
        self.deleted_at.is_none()
    }
}

impl Item for Presentation {
    const KIND: &'static str = "presentation";

    fn key(&self) -> Key {
        presentation_key(self.id)
    }

    fn gsi1(&self) -> Option<(Gsi1Partition, String)> {
        self.is_available()
            .then(|| (Gsi1Partition::PresentationsOf(self.owner), sortable_timestamp(self.updated_at)))
    }
}

/// The speaker's notes. Only the owner and the assistant read them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SpeakerNotes {
    pub(super) presentation: PresentationId,
    pub(super) text: String,
}

impl Item for SpeakerNotes {
    const KIND: &'static str = "speaker_notes";

    fn key(&self) -> Key {
        notes_key(self.presentation)
    }
}

/// The claim of a slug, which belongs to one presentation.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct SlugClaim {
    pub(super) slug: Slug,
    pub(super) presentation: PresentationId,
}

impl Item for SlugClaim {
    const KIND: &'static str = "slug_claim";

    fn key(&self) -> Key {
        slug_key(&self.slug)
    }
}

pub(super) fn presentation_key(id: PresentationId) -> Key {
    Key::new(&PartitionKey::Presentation(id), &SortKey::Self_)
}

pub(super) fn notes_key(id: PresentationId) -> Key {
    Key::new(&PartitionKey::Presentation(id), &SortKey::Notes)
}

pub(super) fn slug_key(slug: &Slug) -> Key {
    Key::new(&PartitionKey::Slug(slug.as_str()), &SortKey::Self_)
}

/// A slide as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slide {
    pub id: SlideId,
    pub presentation: PresentationId,
    /// The fields `type` and `content`.
    #[serde(flatten)]
    pub content: SlideContent,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// Optimistic-lock version. It starts at 1 and grows with every change of the type or the content.
    pub version: u64,
}

impl Item for Slide {
    const KIND: &'static str = "slide";

    fn key(&self) -> Key {
        slide_key(self.presentation, self.id)
    }
}

impl Slide {
    pub(super) fn pointer(&self) -> SlidePointer {
        SlidePointer { slide: self.id, presentation: self.presentation }
    }
}

/// The pointer from a slide's id to its presentation.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct SlidePointer {
    slide: SlideId,
    pub(super) presentation: PresentationId,
}

impl Item for SlidePointer {
    const KIND: &'static str = "slide_pointer";

    fn key(&self) -> Key {
        pointer_key(self.slide)
    }
}

pub(super) fn slide_key(presentation: PresentationId, slide: SlideId) -> Key {
    Key::new(&PartitionKey::Presentation(presentation), &SortKey::Slide(slide))
}

pub(super) fn pointer_key(slide: SlideId) -> Key {
    Key::new(&PartitionKey::SlideOf(slide), &SortKey::Self_)
}

pub(super) fn in_order(order: &SlideOrder, slides: Vec<Slide>) -> Vec<Slide> {
    let mut by_id: HashMap<SlideId, Slide> = slides.into_iter().map(|slide| (slide.id, slide)).collect();
    order.iter().filter_map(|id| by_id.remove(id)).collect()
}

#[cfg(test)]
mod tests {
    use model::slide::SlideType;
    use uuid::Uuid;

    use super::*;
    use crate::dynamodb::item::{from_attributes, to_attributes};

    #[test]
    fn slides_of_all_types_round_trip() {
        for kind in SlideType::ALL {
            let slide = Slide {
                id: Uuid::from_u128(1).into(),
                presentation: Uuid::from_u128(2).into(),
                content: SlideContent::default_for(*kind),
                created_at: Timestamp::UNIX_EPOCH,
                updated_at: Timestamp::UNIX_EPOCH,
                version: 1,
            };
            let item = to_attributes(&slide).unwrap();
            assert_eq!(item["type"].as_s().unwrap(), kind.as_str());
            assert_eq!(from_attributes::<Slide>(item).unwrap(), slide);
        }
    }
}
