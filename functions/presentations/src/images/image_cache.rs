//! What an instance remembers of what it has shown: an audience opens the same slide at the same moment, and a partition of the
//! table gives 3,000 read units a second, which is an image of 1 MB some twenty times. Whether the image is still there is asked all the
//! same; its id is made of its bytes, so that these are never old.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use model::ImageId;

/// Bytes that are kept: the images of a deck or two, beside what decoding needs.
const MAX_CACHED_BYTES: usize = 64 * 1024 * 1024;

/// Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct ImageCache(Arc<Mutex<VecDeque<(ImageId, Bytes)>>>);

impl ImageCache {
    pub(super) fn get(&self, id: ImageId) -> Option<Bytes> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = kept.iter().position(|(other, _)| *other == id)?;
        let found = kept.remove(place)?;
        let bytes = found.1.clone();
        kept.push_back(found);
        Some(bytes)
    }

    /// What was not asked for longest goes first.
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
    fn what_was_not_asked_for_longest_goes_first() {
        let shelf = ImageCache::default();
        let id = |n: usize| ImageId::from(Uuid::from_u128(n as u128));
        let large = Bytes::from(vec![0; MAX_IMAGE_BYTES]);
        let fit = MAX_CACHED_BYTES / MAX_IMAGE_BYTES;
        (0..fit).for_each(|n| shelf.insert(id(n), &large));
        assert_eq!(shelf.get(id(0)).as_ref(), Some(&large));
        shelf.insert(id(fit), &large);
        shelf.insert(id(fit), &large);
        assert_eq!(shelf.get(id(1)), None);
        assert!((2..=fit).chain([0]).all(|n| shelf.get(id(n)).is_some()));
    }
}
