//! The statuses and slugs of presentations, and the order of their slides.

mod slide_order;
mod slug;

use serde::{Deserialize, Serialize};

pub use self::{slide_order::SlideOrder, slug::Slug};
use crate::{Error, ErrorCode, Result};

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

    /// Checks that the status can change to the other.
    ///
    /// # Errors
    /// Returns `INVALID_TRANSITION` with both statuses if the transition is not allowed.
    pub fn check_transition(self, other: Self) -> Result<()> {
        if self.can_become(other) {
            return Ok(());
        }
        let message = format!("a presentation that is {} cannot become {}", self.as_str(), other.as_str());
        Err(Error::conflict(ErrorCode::InvalidTransition, message))
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
                assert_eq!(from.check_transition(to).is_ok(), allowed.contains(&to), "{from:?} {to:?}");
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
