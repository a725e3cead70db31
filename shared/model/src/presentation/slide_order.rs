//! The order of slides: a list of their ids. A slide's index is its place in it, so indexes are contiguous by
//! construction and nothing has to be renumbered.

use std::{collections::HashSet, ops::Deref};

use serde::{Deserialize, Serialize};

use super::MAX_SLIDES;
use crate::{Error, ErrorCode, FieldError, Result, SlideId};

/// Slides in the order in which they are shown, each once.
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

    /// The index of a slide.
    pub fn index_of(&self, slide: SlideId) -> Option<usize> {
        self.0.iter().position(|id| *id == slide)
    }

    /// Puts a new slide at an index; those from there on move back by one.
    ///
    /// # Errors
    /// `Conflict` when the presentation is full, `Invalid` naming the field when the index is past the end.
    pub fn insert(&mut self, index: usize, slide: SlideId, field: &str) -> Result<()> {
        if self.0.len() >= MAX_SLIDES {
            return Err(Self::full_error());
        }
        if index > self.0.len() {
            return Err(Error::field(field, format!("is past the end: {} at most", self.0.len())));
        }
        self.0.insert(index, slide);
        Ok(())
    }

    pub fn full_error() -> Error {
        Error::conflict(ErrorCode::LimitReached, format!("a presentation has {MAX_SLIDES} slides at most"))
    }

    /// Takes a slide out; those behind it move up. Says whether it was there.
    pub fn remove(&mut self, slide: SlideId) -> bool {
        self.index_of(slide).map(|index| self.0.remove(index)).is_some()
    }

    /// Moves a slide to an index.
    ///
    /// # Errors
    /// `NotFound` when it is not one of these, `Invalid` naming the field when there is no such index.
    pub fn move_to(&mut self, slide: SlideId, index: usize, field: &str) -> Result<()> {
        let from = self.index_of(slide).ok_or(Error::NotFound("slide"))?;
        if index >= self.0.len() {
            return Err(Error::field(field, format!("is past the end: {} at most", self.0.len() - 1)));
        }
        let moved = self.0.remove(from);
        self.0.insert(index, moved);
        Ok(())
    }

    /// Takes the order of a list that names exactly these slides.
    ///
    /// # Errors
    /// `Invalid` naming those that are named twice, unknown or missing.
    pub fn reorder(&mut self, wanted: &[SlideId], field: &str) -> Result<()> {
        let ours: HashSet<SlideId> = self.0.iter().copied().collect();
        let mut named = HashSet::with_capacity(wanted.len());
        let mut errors = Vec::new();
        for (place, slide) in wanted.iter().enumerate() {
            if !ours.contains(slide) {
                let why = "is not a slide of this presentation";
                errors.push(FieldError::new(format!("{field}[{place}]"), why));
            } else if !named.insert(*slide) {
                errors.push(FieldError::new(format!("{field}[{place}]"), "is named twice"));
            }
        }
        let missing: Vec<String> =
            self.0.iter().filter(|slide| !named.contains(slide)).map(SlideId::to_string).collect();
        if !missing.is_empty() {
            errors.push(FieldError::new(field, format!("leaves out {}", missing.join(", "))));
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
        Shift(usize, usize),
        Arrange(usize),
    }

    fn step() -> impl Strategy<Value = OrderEdit> {
        prop_oneof![
            3 => (0..12_usize).prop_map(OrderEdit::Insert),
            1 => (0..12_usize).prop_map(OrderEdit::Remove),
            1 => (0..12_usize, 0..12_usize).prop_map(|(from, to)| OrderEdit::Shift(from, to)),
            1 => (1..12_usize).prop_map(OrderEdit::Arrange),
        ]
    }

    proptest! {
        /// Against a model that knows only the set: whatever succeeds keeps every slide exactly once, whatever fails
        /// changes nothing.
        #[test]
        fn an_order_stays_a_permutation(steps in prop::collection::vec(step(), 0..60)) {
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
                    OrderEdit::Shift(from, to) => {
                        let id = before.get(from).copied().unwrap_or(slide(u128::MAX));
                        let done = order.move_to(id, to, "to").is_ok();
                        prop_assert!(!done || order.index_of(id) == Some(to));
                        done
                    }
                    OrderEdit::Arrange(by) => {
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
    fn an_arrangement_names_exactly_the_slides() {
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
    fn a_presentation_can_be_full() {
        let mut order = SlideOrder::new((0..200).map(slide).collect());
        assert!(matches!(
            order.insert(0, slide(200), "at"),
            Err(Error::Conflict(ErrorCode::LimitReached, _))
        ));
    }
}
