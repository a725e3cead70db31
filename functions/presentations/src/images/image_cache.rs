//! Images that this instance has shown recently. An audience opens the same slide at the same moment, and a partition
//! of the table gives 3,000 read units a second, which are about twenty reads of an image of 1 MB. Each request still
//! checks that the image exists. An image's id is derived from its bytes, so a cached image is never stale.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use model::ImageId;

/// Bytes that the cache holds. They are the images of one or two decks, beside the memory that decoding needs.
const MAX_CACHED_BYTES: usize = 64 * 1024 * 1024;

/// The cache. Clones share the same images.
#[derive(Clone, Default)]
pub(super) struct ImageCache(Arc<Mutex<VecDeque<(ImageId, Bytes)>>>);

impl ImageCache {
    pub(super) fn get(&self, id: ImageId) -> Option<Bytes> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let position = kept.iter().position(|(other, _)| *other == id)?;
        let found = kept.remove(position)?;
        let bytes = found.1.clone();
        kept.push_back(found);
        Some(bytes)
    }

    /// Adds an image. Drops the images that were not requested for the longest time.
    pub(super) fn insert(&self, id: ImageId, bytes: &Bytes) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(other, _)| *other != id);
        kept.push_back((id, bytes.clone()));
        let mut used: usize = kept.iter().map(|(_, bytes)| bytes.len()).sum();
        while used > MAX_CACHED_BYTES {
            let Some((_, oldest)) = kept.pop_front() else { return };
            used -= oldest.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use model::image::MAX_IMAGE_BYTES;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn the_least_recently_used_image_is_dropped() {
        let cache = ImageCache::default();
        let id = |n: usize| ImageId::from(Uuid::from_u128(n as u128));
        let large = Bytes::from(vec![0; MAX_IMAGE_BYTES]);
        let fit = MAX_CACHED_BYTES / MAX_IMAGE_BYTES;
        (0..fit).for_each(|n| cache.insert(id(n), &large));
        assert_eq!(cache.get(id(0)).as_ref(), Some(&large));
        cache.insert(id(fit), &large);
        cache.insert(id(fit), &large);
        assert_eq!(cache.get(id(1)), None);
        assert!((2..=fit).chain([0]).all(|n| cache.get(id(n)).is_some()));
    }
}
