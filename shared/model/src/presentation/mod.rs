//! The statuses and slugs of presentations, and the order of their slides.

mod slide_order;
mod slug;

use serde::{Deserialize, Serialize};

pub use self::{slide_order::SlideOrder, slug::Slug};
use crate::{Error, ErrorCode};

/// The maximum number of slides of a presentation. Their order is stored as one item, and all of them are loaded
/// together.
pub const MAX_SLIDES: usize = 200;

/// The status of a presentation, which its owner sets. It does not depend on sessions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PresentationStatus {
    #[default]
    Draft,
    Active,
    Ended,
    Archived,
}

impl PresentationStatus {
    /// All statuses.
    pub const ALL: [Self; 4] = [Self::Draft, Self::Active, Self::Ended, Self::Archived];

    /// Returns whether the status can change to the other. Staying the same is always allowed (contract presentations
    /// A3.3).
    pub const fn can_become(self, other: Self) -> bool {
        match (self, other) {
            (Self::Draft, Self::Draft | Self::Active | Self::Archived)
            | (Self::Active | Self::Ended, _)
            | (Self::Archived, Self::Archived | Self::Draft) => true,
            (Self::Draft, Self::Ended) | (Self::Archived, Self::Active | Self::Ended) => false,
        }
    }

    /// Returns the error `INVALID_TRANSITION` for a change to a status that this one has no transition to.
    pub fn transition_error(self, other: Self) -> Error {
        let from = self.as_str();
        let to = other.as_str();
        Error::conflict(
            ErrorCode::InvalidTransition,
            format!("a presentation that is {from} cannot become {to}"),
        )
    }

    /// Returns the name of the status on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Active => "active",
            Self::Ended => "ended",
            Self::Archived => "archived",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_transition_from_every_status() {
        use PresentationStatus::{Active, Archived, Draft, Ended};
        for (from, allowed) in [
            (Draft, vec![Draft, Active, Archived]),
            (Active, vec![Draft, Active, Ended, Archived]),
            (Ended, vec![Draft, Active, Ended, Archived]),
            (Archived, vec![Draft, Archived]),
        ] {
            for to in PresentationStatus::ALL {
                assert_eq!(from.can_become(to), allowed.contains(&to), "{from:?} {to:?}");
            }
        }
    }

    #[test]
    fn a_status_has_one_name() {
        for status in PresentationStatus::ALL {
            assert_eq!(serde_json::json!(status), status.as_str());
        }
    }
}
