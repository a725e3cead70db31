//! The order of slides, as a list of their ids. The index of a slide is its position in the list, so indexes have no
//! gaps and are never renumbered.

use std::{collections::HashSet, ops::Deref};

use serde::{Deserialize, Serialize};

use super::MAX_SLIDES;
use crate::{Error, ErrorCode, FieldError, Result, SlideId};

/// Slides in display order, without duplicates.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SlideOrder(Vec<SlideId>);

impl Deref for SlideOrder {
    type Target = [SlideId];
    fn deref(&self) -> &[SlideId] {
        &self.0
    }
}

impl SlideOrder {
    pub fn new(slides: Vec<SlideId>) -> Self {
        Self(slides)
    }

    /// Returns the index of a slide.
    pub fn index_of(&self, slide: SlideId) -> Option<usize> {
        self.0.iter().position(|id| *id == slide)
    }

    /// Inserts a new slide at an index. The slides from there on move back by one.
    ///
    /// # Errors
    /// Returns `Conflict` if the presentation is full. Returns `Invalid` for the field if the index is past the end.
    pub fn insert(&mut self, index: usize, slide: SlideId, field: &str) -> Result<()> {
        if self.0.len() >= MAX_SLIDES {
            return Err(Self::full_error());
        }
        if index > self.0.len() {
            return Err(Error::field(field, format!("must be at most {}", self.0.len())));
        }
        self.0.insert(index, slide);
        Ok(())
    }

    /// Returns the error for a presentation that has the maximum number of slides.
    pub fn full_error() -> Error {
        Error::conflict(ErrorCode::LimitReached, format!("a presentation has at most {MAX_SLIDES} slides"))
    }

    /// Removes a slide. Returns whether the list contained it.
    pub fn remove(&mut self, slide: SlideId) -> bool {
        self.index_of(slide).map(|index| self.0.remove(index)).is_some()
    }

    /// Moves a slide to an index.
    ///
    /// # Errors
    /// Returns `NotFound` if the list does not contain the slide. Returns `Invalid` for the field if the index does not
    /// exist.
    pub fn move_to(&mut self, slide: SlideId, index: usize, field: &str) -> Result<()> {
        let from = self.index_of(slide).ok_or(Error::NotFound("slide"))?;
        if index >= self.0.len() {
            return Err(Error::field(field, format!("must be at most {}", self.0.len() - 1)));
        }
        let moved = self.0.remove(from);
        self.0.insert(index, moved);
        Ok(())
    }

    /// Sets the order from a list that contains exactly these slides.
    ///
    /// # Errors
    /// Returns `Invalid` with every slide that is repeated, unknown or missing.
    pub fn reorder(&mut self, wanted: &[SlideId], field: &str) -> Result<()> {
        let expected: HashSet<SlideId> = self.0.iter().copied().collect();
        let mut named = HashSet::with_capacity(wanted.len());
        let mut errors = Vec::new();
        for (index, slide) in wanted.iter().enumerate() {
            if !expected.contains(slide) {
                let message = "must be a slide of this presentation";
                errors.push(FieldError::new(format!("{field}[{index}]"), message));
            } else if !named.insert(*slide) {
                errors.push(FieldError::new(format!("{field}[{index}]"), "must not be repeated"));
            }
        }
        let missing: Vec<String> =
            self.0.iter().filter(|slide| !named.contains(slide)).map(SlideId::to_string).collect();
        if !missing.is_empty() {
            errors.push(FieldError::new(field, format!("must also contain {}", missing.join(", "))));
        }
        if !errors.is_empty() {
            return Err(Error::Invalid(errors));
        }
        self.0 = wanted.to_vec();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn slide(n: u128) -> SlideId {
        Uuid::from_u128(n).into()
    }

    #[derive(Clone, Debug)]
    enum OrderEdit {
        Insert(usize),
        Remove(usize),
        MoveTo(usize, usize),
        Reorder(usize),
    }

    fn step() -> impl Strategy<Value = OrderEdit> {
        prop_oneof![
            3 => (0..12_usize).prop_map(OrderEdit::Insert),
            1 => (0..12_usize).prop_map(OrderEdit::Remove),
            1 => (0..12_usize, 0..12_usize).prop_map(|(from, to)| OrderEdit::MoveTo(from, to)),
            1 => (1..12_usize).prop_map(OrderEdit::Reorder),
        ]
    }

    proptest! {
        /// Compares with a set of the slides. A successful edit keeps every slide exactly once, and a failed one
        /// changes nothing.
        #[test]
        fn an_order_contains_every_slide_once(steps in prop::collection::vec(step(), 0..60)) {
            let mut order = SlideOrder::default();
            let mut set = HashSet::new();
            for (n, step) in steps.into_iter().enumerate() {
                let before = order.clone();
                let done = match step {
                    OrderEdit::Insert(at) => {
                        let new = slide(n as u128);
                        let done = order.insert(at, new, "at").is_ok();
                        prop_assert_eq!(done, at <= before.len());
                        if done {
                            set.insert(new);
                            prop_assert_eq!(order.index_of(new), Some(at));
                        }
                        done
                    }
                    OrderEdit::Remove(at) => match before.get(at) {
                        Some(id) => { set.remove(id); order.remove(*id) }
                        None => order.remove(slide(u128::MAX)),
                    },
                    OrderEdit::MoveTo(from, to) => {
                        let id = before.get(from).copied().unwrap_or(slide(u128::MAX));
                        let done = order.move_to(id, to, "to").is_ok();
                        prop_assert!(!done || order.index_of(id) == Some(to));
                        done
                    }
                    OrderEdit::Reorder(by) => {
                        let mut wanted = before.to_vec();
                        let by = by % wanted.len().max(1);
                        wanted.rotate_left(by);
                        order.reorder(&wanted, "ids").is_ok()
                    }
                };
                if !done {
                    prop_assert_eq!(&order, &before);
                }
                prop_assert_eq!(order.len(), set.len());
                prop_assert_eq!(order.iter().copied().collect::<HashSet<_>>(), set.clone());
            }
        }
    }

    #[test]
    fn a_new_order_must_contain_exactly_the_slides() {
        let mut order = SlideOrder::new(vec![slide(1), slide(2), slide(3)]);
        let mut fields = |wanted: &[SlideId]| match order.reorder(wanted, "slide_ids") {
            Ok(()) => vec![],
            Err(Error::Invalid(errors)) => errors.into_iter().map(|error| error.field).collect(),
            Err(error) => panic!("{error}"),
        };
        assert_eq!(fields(&[slide(1), slide(2)]), ["slide_ids"]);
        assert_eq!(fields(&[slide(1), slide(2), slide(2)]), ["slide_ids[2]", "slide_ids"]);
        assert_eq!(fields(&[slide(1), slide(2), slide(3), slide(4)]), ["slide_ids[3]"]);
        assert_eq!(fields(&[slide(3), slide(1), slide(2)]), [""; 0]);
        assert_eq!(order[..], [slide(3), slide(1), slide(2)]);
    }

    #[test]
    fn a_full_presentation_accepts_no_slide() {
        let mut order = SlideOrder::new((0..200).map(slide).collect());
        assert!(matches!(
            order.insert(0, slide(200), "at"),
            Err(Error::Conflict(ErrorCode::LimitReached, _))
        ));
    }
}
