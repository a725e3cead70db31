use axum::{Json, extract::State};
use entry::{
    App,
    http::{AdminCaller, ApiResult, ErrorBody, ListQuery, ValidQuery},
};
use garde::Validate;
use jiff::civil::Date;
use model::{Error, UserId, session::SessionStatus};
use serde::Deserialize;
use store::{
    Page,
    sessions::{self, Session, day_of},
};
use utoipa::IntoParams;

use super::admin_session::AdminSession;

/// Days that a request reads without `from`.
const DEFAULT_RANGE_DAYS: i64 = 30;

/// Filters of the list of sessions.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AdminListSessionsQuery {
    /// The status of the sessions.
    #[garde(skip)]
    status: Option<SessionStatus>,
    /// The owner of the sessions.
    #[garde(skip)]
    speaker: Option<UserId>,
    /// Same as `speaker`.
    #[garde(skip)]
    speaker_id: Option<UserId>,
    /// Only sessions created on this day, UTC, or later. The default is 30 days before `to`.
    #[garde(skip)]
    #[param(value_type = Option<String>, format = Date)]
    from: Option<Date>,
    /// Only sessions created on this day, UTC, or earlier. The default is today.
    #[garde(skip)]
    #[param(value_type = Option<String>, format = Date)]
    to: Option<Date>,
}

/// List sessions of all users
///
/// Returns sessions of all owners, newest first. A page may be short or even empty while `next` is set, because a
/// request reads a limited number of days. Follow `next` until it is null. For admins.
#[utoipa::path(
    get,
    path = "/v1/admin/sessions",
    tag = "admin",
    operation_id = "admin_list_sessions",
    params(ListQuery, AdminListSessionsQuery),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = Page<AdminSession>),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
        (status = 422, body = ErrorBody),
    )
)]
pub(crate) async fn admin_list_sessions(
    State(app): State<App>,
    AdminCaller(staff): AdminCaller,
    ValidQuery(query): ValidQuery<ListQuery>,
    ValidQuery(filters): ValidQuery<AdminListSessionsQuery>,
) -> ApiResult<Json<Page<AdminSession>>> {
    let now = app.clock.now();
    let request = query.page(staff.account.user, "admin_list_sessions").filtered_by(&filters);
    if let Some(owner) = filters.speaker.or(filters.speaker_id) {
        let mut found = sessions::page_by_owner(&app.store, owner, filters.status, &request, now).await?;
        let within = |session: &Session| {
            let day = day_of(session.created_at);
            filters.from.is_none_or(|from| from <= day) && filters.to.is_none_or(|to| day <= to)
        };
        found.items.retain(within);
        return Ok(Json(found.map(AdminSession::from)));
    }
    let to = filters.to.unwrap_or_else(|| day_of(now)).min(day_of(now));
    let from = match filters.from {
        Some(from) => from,
        None => days_before(to, DEFAULT_RANGE_DAYS)?,
    };
    let is_meant = |session: &Session| filters.status.is_none_or(|status| session.status == status);
    let found = sessions::page_by_days(&app.store, (from, to), &request, now, is_meant).await?;
    Ok(Json(found.map(AdminSession::from)))
}

/// Returns the day that is `days` earlier.
///
/// # Errors
/// `Invalid` for `to` if no such day exists.
pub(crate) fn days_before(day: Date, days: i64) -> Result<Date, Error> {
    day.checked_sub(jiff::Span::new().days(days)).map_err(|_| Error::field("to", "is too long ago"))
}
