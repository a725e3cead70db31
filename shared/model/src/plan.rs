//! What an account pays for, and what it gets for it: one table, read by whoever refuses and whoever shows it.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{Error, ErrorCode};

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

/// What a plan allows; `None` is as much as one likes (contract presentations A3.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct PlanLimits {
    /// Sessions created in a calendar month, UTC; those that were cancelled too.
    pub sessions_per_month: Option<u32>,
    /// Participants who ever joined a session, come back or not.
    pub participants_per_session: Option<u32>,
    /// Questions that a model answered or is answering; those that failed do not count.
    pub ai_calls_per_session: Option<u32>,
}

/// What is limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quota {
    SessionsPerMonth,
    ParticipantsPerSession,
    AiCallsPerSession,
}

impl Plan {
    pub const ALL: [Self; 3] = [Self::Free, Self::Pro, Self::Enterprise];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Pro => "pro",
            Self::Enterprise => "enterprise",
        }
    }

    /// Of items from before plans were looked at: nothing that runs is cut short.
    pub const fn unlimited() -> Self {
        Self::Enterprise
    }

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
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SessionsPerMonth => "sessions_per_month",
            Self::ParticipantsPerSession => "participants_per_session",
            Self::AiCallsPerSession => "ai_calls_per_session",
        }
    }

    /// The refusal of one more, where `used` are not below `most`; above it they are after a change to a smaller plan.
    pub fn exceeded_error(self, used: u32, most: u32) -> Error {
        let why = format!("{}: {used} are used, the plan has {most}", self.as_str());
        Error::Forbidden(ErrorCode::SubscriptionLimitExceeded, why)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dearer_plan_gives_more() {
        let most = |limit: Option<u32>| limit.unwrap_or(u32::MAX);
        for pair in Plan::ALL.windows(2) {
            let (less, more) = (pair[0].limits(), pair[1].limits());
            assert!(most(less.sessions_per_month) < most(more.sessions_per_month));
            assert!(most(less.participants_per_session) < most(more.participants_per_session));
            assert!(most(less.ai_calls_per_session) < most(more.ai_calls_per_session));
        }
    }

    #[test]
    fn a_plan_is_read_as_it_is_written() {
        for plan in Plan::ALL {
            assert_eq!(plan.as_str().parse(), Ok(plan));
            assert_eq!(serde_json::to_value(plan).unwrap(), plan.as_str());
        }
        assert!("gold".parse::<Plan>().is_err());
    }

    #[test]
    fn a_refusal_names_the_limit() {
        let refused = Quota::SessionsPerMonth.exceeded_error(7, 5);
        assert_eq!(refused.code(), ErrorCode::SubscriptionLimitExceeded);
        assert_eq!(refused.to_string(), "sessions_per_month: 7 are used, the plan has 5");
    }
}
