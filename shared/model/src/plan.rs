//! Plans and their limits, in one table that both the checks and the API use.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{Error, ErrorCode};

/// The plan of an account.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Plan {
    #[default]
    Free,
    Pro,
    Enterprise,
}

/// The limits of a plan. `null` means unlimited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct PlanLimits {
    /// Sessions created in a calendar month (UTC), cancelled sessions included.
    pub sessions_per_month: Option<u32>,
    /// Participants who ever joined a session. Joining again does not count.
    pub participants_per_session: Option<u32>,
    /// Questions that a model has answered or is answering. Failed calls do not count.
    pub ai_calls_per_session: Option<u32>,
}

/// A limit of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quota {
    SessionsPerMonth,
    ParticipantsPerSession,
    AiCallsPerSession,
}

impl Plan {
    /// All plans, from the smallest to the largest.
    pub const ALL: [Self; 3] = [Self::Free, Self::Pro, Self::Enterprise];

    /// Returns the name of the plan on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Pro => "pro",
            Self::Enterprise => "enterprise",
        }
    }

    /// Returns the plan of items that were stored before plans existed. It is unlimited, so that nothing that runs is
    /// cut short.
    pub const fn unlimited() -> Self {
        Self::Enterprise
    }

    /// Returns the limits of the plan (contract presentations A3.6).
    pub const fn limits(self) -> PlanLimits {
        let (sessions, participants, ai_calls) = match self {
            Self::Free => (Some(5), Some(25), Some(10)),
            Self::Pro => (Some(50), Some(100), Some(100)),
            Self::Enterprise => (None, None, None),
        };
        PlanLimits {
            sessions_per_month: sessions,
            participants_per_session: participants,
            ai_calls_per_session: ai_calls,
        }
    }
}

impl FromStr for Plan {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|plan| plan.as_str() == text);
        found.ok_or("must be free, pro or enterprise")
    }
}

impl Quota {
    /// Returns the name of the limit on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SessionsPerMonth => "sessions_per_month",
            Self::ParticipantsPerSession => "participants_per_session",
            Self::AiCallsPerSession => "ai_calls_per_session",
        }
    }

    /// Returns the error for a request above the limit. `used` can exceed `limit` after a change to a smaller plan.
    pub fn exceeded_error(self, used: u32, limit: u32) -> Error {
        let message = format!("{}: {used} are used, the plan allows {limit}", self.as_str());
        Error::Forbidden(ErrorCode::SubscriptionLimitExceeded, message)
    }
}

/// Returns the error for a person who joins a session in which every seat is taken. The person has no plan, so the
/// message does not name the limit of the presenter's plan.
pub fn session_full_error(seats: u32) -> Error {
    let message = format!("this session is full ({seats} people): ask the presenter for more seats");
    Error::Forbidden(ErrorCode::SubscriptionLimitExceeded, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_larger_plan_allows_more() {
        let most = |limit: Option<u32>| limit.unwrap_or(u32::MAX);
        for pair in Plan::ALL.windows(2) {
            let less = pair[0].limits();
            let more = pair[1].limits();
            assert!(most(less.sessions_per_month) < most(more.sessions_per_month));
            assert!(most(less.participants_per_session) < most(more.participants_per_session));
            assert!(most(less.ai_calls_per_session) < most(more.ai_calls_per_session));
        }
    }

    #[test]
    fn a_plan_has_one_name() {
        for plan in Plan::ALL {
            assert_eq!(plan.as_str().parse(), Ok(plan));
            assert_eq!(serde_json::to_value(plan).unwrap(), plan.as_str());
        }
        assert!("gold".parse::<Plan>().is_err());
    }

    #[test]
    fn the_error_names_the_limit() {
        let refused = Quota::SessionsPerMonth.exceeded_error(7, 5);
        assert_eq!(refused.code(), ErrorCode::SubscriptionLimitExceeded);
        assert_eq!(refused.to_string(), "sessions_per_month: 7 are used, the plan allows 5");
    }
}
