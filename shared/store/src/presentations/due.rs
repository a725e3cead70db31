//! What falls due in this area.

use model::ImageId;
use uuid::Uuid;

use crate::{
    Item,
    dynamodb::{due::DueItem, key::image_of},
    presentations::images::{OrphanedChunks, StoredImage},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PresentationsDueWork {
    /// The image may be unused.
    Image(ImageId),
    /// Chunks of this upload that belong to no image.
    OrphanedChunks(ImageId, Uuid),
}

impl PresentationsDueWork {
    pub(crate) fn from_item(item: &DueItem) -> Option<Self> {
        match item.kind_and_id()? {
            (StoredImage::KIND, id) => Some(Self::Image(id.into())),
            (OrphanedChunks::KIND, id) => Some(Self::OrphanedChunks(image_of(item.partition())?, id)),
            _ => None,
        }
    }
}
