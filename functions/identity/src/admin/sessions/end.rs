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

use super::row::AdminSession;
use crate::admin::{deed::AuditedAction, users::activate::ReasonRequest};

/// Ends somebody's session
///
/// Soon: its worker does it and tells everybody in it, with `end_reason: admin`.
#[utoipa::path(
    post,
    path = "/v1/admin/sessions/{id}/end",
    tag = "admin",
    operation_id = "admin_end_session",
    params(("id" = SessionId, Path)),
    request_body = ReasonRequest,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 202, body = AdminSession),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody),
        (status = 409, description = "`SESSION_ENDED`", body = ErrorBody),
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
        return Err(Error::conflict(ErrorCode::SessionEnded, "the session has ended").into());
    }
    // before it is asked for; what came of it stands on the session
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
