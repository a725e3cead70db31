use std::collections::BTreeMap;

use axum::{Json, extract::State};
use entry::{
    App,
    http::{AdminCaller, ApiResult, ErrorBody},
};
use serde::Serialize;
use store::{
    PageRequest,
    identity::{
        audit_log::{self, AuditFilter},
        users,
    },
};
use utoipa::ToSchema;

use super::{
    sessions::recent_sessions::{count_connected, recent_sessions},
    users::list::MAX_ACCOUNTS,
    view::{AccountStatus, AuditActionView},
};

/// Contract chat 1.3.
const MAX_RECENT_ACTIONS: usize = 10;

/// Counts and recent actions of a deployment.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AdminDashboard {
    users: UserCounts,
    sessions: SessionCounts,
    /// The newest 10.
    recent_actions: Vec<AuditActionView>,
}

/// The number of accounts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UserCounts {
    total: usize,
    /// The number of accounts with the status `active`, `suspended`, `banned` and `disabled`. A status without accounts
    /// is absent.
    by_status: BTreeMap<AccountStatus, usize>,
    /// `false` if there are more accounts. Only the newest 5,000 are counted.
    is_complete: bool,
}

/// The number of sessions and participants.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionCounts {
    /// Sessions created today, UTC.
    today: usize,
    /// Sessions that have started and not ended.
    active: usize,
    /// Participants that are connected to active sessions, as last counted.
    connected: u64,
}

/// Get the dashboard
///
/// Returns the number of accounts and sessions, and the newest 10 actions of the audit log. For admins.
#[utoipa::path(
    get,
    path = "/v1/admin/dashboard",
    tag = "admin",
    operation_id = "admin_dashboard",
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = AdminDashboard),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
    )
)]
pub(crate) async fn admin_dashboard(
    State(app): State<App>,
    _staff: AdminCaller,
) -> ApiResult<Json<AdminDashboard>> {
    let now = app.clock.now();
    let (all, is_complete) = users::list_matching(&app.store, MAX_ACCOUNTS, now, |_| true).await?;
    let mut by_status = BTreeMap::new();
    for user in &all {
        *by_status.entry(AccountStatus::of(user, now)).or_default() += 1;
    }
    let recent = recent_sessions(&app).await?;
    let newest = PageRequest::internal(MAX_RECENT_ACTIONS);
    let latest = audit_log::page(&app.store, &AuditFilter::default(), &newest, now).await?;
    Ok(Json(AdminDashboard {
        users: UserCounts { total: all.len(), by_status, is_complete },
        sessions: SessionCounts {
            today: recent.today,
            active: recent.running.len(),
            connected: count_connected(&app, &recent.running).await?,
        },
        recent_actions: latest.items.into_iter().map(AuditActionView::from).collect(),
    }))
}
