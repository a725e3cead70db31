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

/// Days that are looked through where nothing is said.
const DEFAULT_RANGE_DAYS: i64 = 30;

#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AdminListSessionsQuery {
    #[garde(skip)]
    status: Option<SessionStatus>,
    /// Whose.
    #[garde(skip)]
    speaker: Option<UserId>,
    /// Same as `speaker`.
    #[garde(skip)]
    speaker_id: Option<UserId>,
    /// Created on this day, UTC, or later; 30 days before `to` where nothing is said.
    #[garde(skip)]
    #[param(value_type = Option<String>, format = Date)]
    from: Option<Date>,
    /// Created on this day or before; today where nothing is said.
    #[garde(skip)]
    #[param(value_type = Option<String>, format = Date)]
    to: Option<Date>,
}

/// Everybody's sessions, newest first
///
/// A page may come back short or empty, with a `next`: so many days were looked through.
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
    _staff: AdminCaller,
    ValidQuery(query): ValidQuery<ListQuery>,
    ValidQuery(which): ValidQuery<AdminListSessionsQuery>,
) -> ApiResult<Json<Page<AdminSession>>> {
    let now = app.clock.now();
    let (limit, cursor) = (query.limit(), query.cursor.as_deref());
    if let Some(owner) = which.speaker.or(which.speaker_id) {
        let mut found = sessions::page_by_owner(&app.store, owner, which.status, limit, cursor, now).await?;
        let within = |session: &Session| {
            let day = day_of(session.created_at);
            which.from.is_none_or(|from| from <= day) && which.to.is_none_or(|to| day <= to)
        };
        found.items.retain(within);
        return Ok(Json(found.map(AdminSession::from)));
    }
    let to = which.to.unwrap_or_else(|| day_of(now)).min(day_of(now));
    let from = match which.from {
        Some(from) => from,
        None => days_before(to, DEFAULT_RANGE_DAYS)?,
    };
    let is_meant = |session: &Session| which.status.is_none_or(|status| session.status == status);
    let found = sessions::page_by_days(&app.store, (from, to), limit, cursor, now, is_meant).await?;
    Ok(Json(found.map(AdminSession::from)))
}

/// The day so many days earlier.
pub(crate) fn days_before(day: Date, days: i64) -> Result<Date, Error> {
    day.checked_sub(jiff::Span::new().days(days)).map_err(|_| Error::field("to", "is too long ago"))
}
