//! A live session: `pending → active ⇄ paused → ended`, one machine for every kind.

use serde::{Deserialize, Serialize};

use crate::{Error, ErrorCode, Result};

/// What the gathering is about; decided by what it is created from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SessionKind {
    Presentation,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SessionStatus {
    Pending,
    Active,
    Paused,
    Ended,
}

/// A move of the presenter (or of the clock).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionTransition {
    Start,
    Pause,
    Resume,
    End,
}

/// Why a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// Its owner ended it.
    Ended,
    /// Its owner ended it before it began.
    Cancelled,
    /// Nobody ended it for [`AUTO_END_HOURS`].
    Expired,
    /// Nobody was there for [`IDLE_HOURS`].
    Idle,
    /// An admin ended it.
    Admin,
}

/// A session that nobody ends, ends this long after its creation (contract presentations A3.3).
pub const AUTO_END_HOURS: i64 = 24;

/// A session in which nobody is, and nothing moves, ends after this long (contract presentations A3.3).
pub const IDLE_HOURS: i64 = 4;

/// What the assistant does with a question of the audience.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AiAnswerMode {
    /// Nothing: the presenter answers.
    Off,
    /// It drafts an answer, which the presenter approves or writes anew.
    OnApproval,
    /// It answers.
    #[default]
    Automatic,
}

/// Who turns the slides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SlidePacing {
    /// The presenter, for everyone: only the slide that is shown takes answers.
    #[default]
    Presenter,
    /// Each participant: every slide may be read and answered.
    Participant,
}

impl SessionStatus {
    /// The state after a move.
    ///
    /// # Errors
    /// `Conflict` naming the state where the machine has no such move. Ending a pending session cancels it.
    pub fn apply(self, made: SessionTransition) -> Result<Self> {
        match (self, made) {
            (Self::Pending, SessionTransition::Start) | (Self::Paused, SessionTransition::Resume) => {
                Ok(Self::Active)
            }
            (Self::Active, SessionTransition::Pause) => Ok(Self::Paused),
            (Self::Pending | Self::Active | Self::Paused, SessionTransition::End) => Ok(Self::Ended),
            (Self::Ended, _) => Err(Error::conflict(ErrorCode::SessionEnded, "the session has ended")),
            _ => Err(Error::conflict(
                ErrorCode::InvalidTransition,
                format!("a session that is {} cannot {}", self.as_str(), made.as_str()),
            )),
        }
    }

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active => "active",
            Self::Paused => "paused",
            Self::Ended => "ended",
        }
    }
}

impl SessionTransition {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::End => "end",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_move_from_every_state() {
        use SessionStatus::{Active, Ended, Paused, Pending};
        use SessionTransition::{End, Pause, Resume, Start};
        let table = [
            (Pending, [Some(Active), None, None, Some(Ended)]),
            (Active, [None, Some(Paused), None, Some(Ended)]),
            (Paused, [None, None, Some(Active), Some(Ended)]),
            (Ended, [None, None, None, None]),
        ];
        for (from, expected) in table {
            for (made, to) in [Start, Pause, Resume, End].into_iter().zip(expected) {
                assert_eq!(from.apply(made).ok(), to, "{from:?} {made:?}");
            }
        }
    }
}
