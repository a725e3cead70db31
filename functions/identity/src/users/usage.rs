//! The limits of the caller's plan and their use.

use std::collections::BTreeMap;

use axum::{Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody},
};
use futures::future::try_join_all;
use model::{
    Error, SessionId,
    plan::{Plan, Quota},
    session::SessionStatus,
};
use serde::Serialize;
use store::{
    PageRequest,
    identity::{
        plan_usage::{self, MonthlyUsage},
        users,
    },
    sessions,
};
use utoipa::ToSchema;

use super::me::ACCOUNT_GONE;

/// Running sessions among which the one with the most use is searched.
const MAX_RUNNING_SESSIONS: usize = 20;
const HISTORY_MONTHS: usize = 12;

/// The plan of an account and the use of its limits.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AccountUsage {
    plan: Plan,
    /// Same as `plan`.
    plan_name: Plan,
    /// The use of each limit: `sessions_per_month`, `participants_per_session` and `ai_calls_per_session`.
    categories: BTreeMap<&'static str, UsageCategory>,
    /// The latest twelve months in which the account created sessions, newest first.
    history: Vec<UsageMonth>,
}

/// The sessions of a month.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UsageMonth {
    /// The month, UTC.
    #[schema(example = "2026-11")]
    month: String,
    /// Sessions that the account created.
    sessions: u32,
}

/// The use of a limit.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(crate) struct UsageCategory {
    /// How much is used. For a limit per session, it is the highest use among the sessions that have not ended. 0 for
    /// an unlimited category, because its use is not counted.
    used: u32,
    /// `null` means unlimited.
    limit: Option<u32>,
}

/// Get the usage of my plan
///
/// Returns the caller's plan and how much of its limits is used. Months begin in UTC. Also at `/v1/speakers/me/usage`.
#[utoipa::path(
    get,
    path = "/v1/users/me/usage",
    tag = "identity",
    operation_id = "get_usage",
    responses(
        (status = 200, description = "The plan, its limits and their use.", body = AccountUsage),
        (status = 401, body = ErrorBody),
    )
)]
pub(crate) async fn get_usage(
    State(app): State<App>,
    account: AccountCaller,
) -> ApiResult<Json<AccountUsage>> {
    let now = app.clock.now();
    let running = PageRequest::internal(MAX_RUNNING_SESSIONS);
    let (user, month, history, newest) = tokio::try_join!(
        users::get_strong(&app.store, account.user, now),
        plan_usage::get_month(&app.store, account.user, now),
        plan_usage::list_months(&app.store, account.user, HISTORY_MONTHS, now),
        sessions::page_by_owner(&app.store, account.user, None, &running, now),
    )?;
    let plan = user.ok_or(ACCOUNT_GONE)?.plan;
    let running: Vec<SessionId> = newest
        .items
        .into_iter()
        .filter(|session| session.status != SessionStatus::Ended)
        .map(|session| session.id)
        .collect();
    let (participants, ai_calls) = tokio::try_join!(
        fullest_session(&app, &running, Quota::ParticipantsPerSession),
        fullest_session(&app, &running, Quota::AiCallsPerSession),
    )?;
    let limits = plan.limits();
    let categories = [
        (Quota::SessionsPerMonth, month, limits.sessions_per_month),
        (Quota::ParticipantsPerSession, participants, limits.participants_per_session),
        (Quota::AiCallsPerSession, ai_calls, limits.ai_calls_per_session),
    ];
    let categories =
        categories.map(|(quota, used, limit)| (quota.as_str(), UsageCategory { used, limit })).into();
    let of_month = |it: MonthlyUsage| UsageMonth { month: it.month, sessions: it.used };
    let history = history.into_iter().map(of_month).collect();
    Ok(Json(AccountUsage { plan, plan_name: plan, categories, history }))
}

async fn fullest_session(app: &App, running: &[SessionId], quota: Quota) -> Result<u32, Error> {
    let now = app.clock.now();
    let used = running.iter().map(|session| plan_usage::get_used(&app.store, *session, quota, now));
    Ok(try_join_all(used).await?.into_iter().max().unwrap_or_default())
}
