use std::collections::BTreeMap;

use axum::{Json, extract::State};
use entry::{
    App,
    http::{AdminCaller, ApiResult, ErrorBody},
};
use serde::Serialize;
use store::identity::{
    audit_log::{self, AuditFilter},
    users,
};
use utoipa::ToSchema;

use super::{
    sessions::recent_sessions::{count_connected, recent_sessions},
    users::list::MAX_ACCOUNTS,
    view::{AccountStatus, AuditActionView},
};

/// Contract chat 1.3.
const MAX_RECENT_ACTIONS: usize = 10;

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AdminDashboard {
    users: UserCounts,
    sessions: SessionCounts,
    /// The latest 10.
    recent_actions: Vec<AuditActionView>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UserCounts {
    total: usize,
    /// `active`, `suspended`, `banned` and `disabled`; those that nobody has are left out.
    by_status: BTreeMap<AccountStatus, usize>,
    /// `false`: there are more, only the newest 5,000 were counted.
    is_complete: bool,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionCounts {
    /// Created today, UTC.
    today: usize,
    /// Started and not ended.
    active: usize,
    /// Participants connected to them when last counted.
    connected: u64,
}

/// How many there are of what, and the latest actions
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
    let latest = audit_log::page(&app.store, &AuditFilter::default(), MAX_RECENT_ACTIONS, None, now).await?;
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
