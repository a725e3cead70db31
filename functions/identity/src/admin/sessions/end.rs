use axum::{Json, extract::State};
use entry::{
    App,
    http::{Admin, Answer, ErrorBody, Id, Valid},
};
use http::StatusCode;
use model::{Code, Error, SessionId, session::Status};
use protocol::job::EndSession;
use store::{
    Freshness,
    audit::{self, Target},
    sessions,
};

use super::row::SessionRow;
use crate::admin::{deed::Deed, users::activate::Why};

/// Ends somebody's session
///
/// Soon: its worker does it and tells everybody in it, with `end_reason: admin`.
#[utoipa::path(
    post,
    path = "/v1/admin/sessions/{id}/end",
    tag = "admin",
    operation_id = "admin_end_session",
    params(("id" = SessionId, Path)),
    request_body = Why,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 202, body = SessionRow),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody),
        (status = 409, description = "`SESSION_ENDED`", body = ErrorBody),
        (status = 422, body = ErrorBody),
    )
)]
pub(crate) async fn end_session(
    State(app): State<App>,
    Admin(staff): Admin,
    Id(id): Id<SessionId>,
    Valid(why): Valid<Why>,
) -> Answer<(StatusCode, Json<SessionRow>)> {
    let now = app.clock.now();
    let session = sessions::get(&app.store, id, Freshness::Strong, now).await?;
    let session = session.ok_or(Error::NotFound("session"))?;
    if session.status == Status::Ended {
        return Err(Error::conflict(Code::SessionEnded, "the session has ended").into());
    }
    // before it is asked for; what came of it stands on the session
    let action = Deed::new("end_session", why.reason).by(&app, &staff, Target::Session, id.to_string());
    audit::note(&app.store, &action).await?;
    app.queues.send(&EndSession { session: id }, now).await?;
    Ok((StatusCode::ACCEPTED, Json(session.into())))
}
