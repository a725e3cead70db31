//! The outcome of an attempt that a rate limit counts.

use std::time::Duration;

use crate::{Error, Result};

/// Whether an attempt is within its rate limit.
#[must_use = "an attempt above the limit must be refused"]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RateLimitOutcome {
    Allowed,
    /// The limit is reached. The window ends after `retry_after`.
    Exceeded {
        retry_after: Duration,
    },
}

impl RateLimitOutcome {
    /// Refuses an attempt above the limit.
    ///
    /// # Errors
    /// [`Error::RateLimited`] until the window ends.
    pub const fn require_allowed(self) -> Result<()> {
        match self {
            Self::Allowed => Ok(()),
            Self::Exceeded { retry_after } => Err(Error::RateLimited { retry_after }),
        }
    }
}
