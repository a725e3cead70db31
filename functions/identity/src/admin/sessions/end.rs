use axum::{Json, extract::State};
use entry::{
    App,
    http::{AdminCaller, ApiResult, ErrorBody, PathId, ValidJson},
};
use http::StatusCode;
use model::{Error, ErrorCode, SessionId, session::SessionStatus};
use protocol::job::SessionEndRequested;
use store::{
    ReadConsistency,
    identity::audit_log::{self, AuditTarget},
    sessions,
};

use super::admin_session::AdminSession;
use crate::admin::{audited_change::AuditedAction, reason::ReasonRequest};

/// End a session
///
/// Ends a session of any owner in the background. Its participants get the event with `end_reason: admin`. Writes an
/// audit entry. For admins.
#[utoipa::path(
    post,
    path = "/v1/admin/sessions/{id}/end",
    tag = "admin",
    operation_id = "admin_end_session",
    params(("id" = SessionId, Path)),
    request_body = ReasonRequest,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 202, description = "The session before it ends.", body = AdminSession),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody),
        (status = 409, description = "`SESSION_ENDED`: the session has already ended.", body = ErrorBody),
        (status = 422, body = ErrorBody),
    )
)]
pub(crate) async fn admin_end_session(
    State(app): State<App>,
    AdminCaller(staff): AdminCaller,
    PathId(id): PathId<SessionId>,
    ValidJson(why): ValidJson<ReasonRequest>,
) -> ApiResult<(StatusCode, Json<AdminSession>)> {
    let now = app.clock.now();
    let session = sessions::get(&app.store, id, ReadConsistency::Strong, now).await?;
    let session = session.ok_or(Error::NotFound("session"))?;
    if session.status == SessionStatus::Ended {
        return Err(Error::conflict(ErrorCode::SessionEnded, "the session has already ended").into());
    }
    // The entry is written before the job is sent. The session records the result.
    let action = AuditedAction::new("end_session", why.reason).into_audit_entry(
        &app,
        &staff,
        AuditTarget::Session,
        id.to_string(),
    );
    audit_log::append(&app.store, &action).await?;
    app.queues.send(&SessionEndRequested { session: id }, now).await?;
    Ok((StatusCode::ACCEPTED, Json(session.into())))
}
