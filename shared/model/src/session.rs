//! Live sessions. Every kind has the same state machine, `pending → active ⇄ paused → ended`.

use serde::{Deserialize, Serialize};

use crate::{Error, ErrorCode, Result};

/// The kind of a session, which follows from the resource that it was created from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SessionKind {
    Presentation,
}

/// The status of a session. The state machine is `pending → active ⇄ paused → ended`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SessionStatus {
    Pending,
    Active,
    Paused,
    Ended,
}

/// A transition that the presenter or the clock makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionTransition {
    Start,
    Pause,
    Resume,
    End,
}

/// The reason why a session ended. With `ended`, the owner ended it. With `cancelled`, the owner ended it before it
/// started. With `expired`, it was 24 hours old. With `idle`, it had no participants and no activity for 4 hours. With
/// `admin`, an admin ended it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// The owner ended the session.
    Ended,
    /// The owner ended the session before it started.
    Cancelled,
    /// The session was [`AUTO_END_HOURS`] old.
    Expired,
    /// The session had no participants and no activity for [`IDLE_HOURS`].
    Idle,
    /// An admin ended the session.
    Admin,
}

/// The age in hours at which a session ends automatically (contract presentations A3.3).
pub const AUTO_END_HOURS: i64 = 24;

/// The time in hours without participants and activity after which a session ends automatically (contract presentations
/// A3.3).
pub const IDLE_HOURS: i64 = 4;

/// The assistant's part in answering questions. With `off`, only the presenter answers. With `on_approval`, the
/// assistant drafts an answer for the presenter's approval. With `automatic`, the assistant answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AiAnswerMode {
    /// Only the presenter answers.
    Off,
    /// The assistant drafts an answer, which the presenter approves or rewrites.
    OnApproval,
    /// The assistant answers.
    #[default]
    Automatic,
}

/// The person who moves through the slides. With `presenter`, the presenter moves for everyone, and only the current
/// slide accepts responses. With `participant`, each participant moves independently, and every slide accepts
/// responses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SlidePacing {
    /// The presenter moves for everyone. Only the current slide accepts responses.
    #[default]
    Presenter,
    /// Each participant moves independently. Every slide accepts responses.
    Participant,
}

impl SessionStatus {
    /// Returns the status after the transition. Ending a pending session cancels it.
    ///
    /// # Errors
    /// Returns `Conflict` with the status if the transition does not exist.
    pub fn apply(self, transition: SessionTransition) -> Result<Self> {
        match (self, transition) {
            (Self::Pending, SessionTransition::Start) | (Self::Paused, SessionTransition::Resume) => {
                Ok(Self::Active)
            }
            (Self::Active, SessionTransition::Pause) => Ok(Self::Paused),
            (Self::Pending | Self::Active | Self::Paused, SessionTransition::End) => Ok(Self::Ended),
            (Self::Ended, _) => Err(Error::conflict(ErrorCode::SessionEnded, "the session has ended")),
            _ => Err(Error::conflict(
                ErrorCode::InvalidTransition,
                format!("a session that is {} cannot {}", self.as_str(), transition.as_str()),
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
    fn every_transition_from_every_status() {
        use SessionStatus::{Active, Ended, Paused, Pending};
        use SessionTransition::{End, Pause, Resume, Start};
        let table = [
            (Pending, [Some(Active), None, None, Some(Ended)]),
            (Active, [None, Some(Paused), None, Some(Ended)]),
            (Paused, [None, None, Some(Active), Some(Ended)]),
            (Ended, [None, None, None, None]),
        ];
        for (from, expected) in table {
            for (transition, to) in [Start, Pause, Resume, End].into_iter().zip(expected) {
                assert_eq!(from.apply(transition).ok(), to, "{from:?} {transition:?}");
            }
        }
    }
}
