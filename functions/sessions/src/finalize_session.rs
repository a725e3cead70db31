use axum::{Extension, Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, PathId},
};
use http::StatusCode;
use model::{
    Error, ErrorCode, SessionId,
    session::{EndReason, SessionTransition},
};
use serde::Serialize;
use store::{ReadConsistency, sessions};
use utoipa::ToSchema;

use crate::{instance_state::InstanceState, lifecycle::apply_transition, report, session_view::SessionView};

/// A session that has ended, with the progress of its report.
#[derive(Debug, Serialize, ToSchema)]
pub struct FinalizeSessionResponse {
    pub session: SessionView,
    /// The progress of the report. It is `none` for a session that was never started.
    pub report: report::ReportStatus,
}

/// End a session and request its report
///
/// Ends the session if it has not ended, and requests its report if none exists. Repeating the request changes nothing.
#[utoipa::path(
    post,
    path = "/v1/sessions/{id}/finalize",
    tag = "sessions",
    operation_id = "finalize_session",
    params(("id" = SessionId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 202, body = FinalizeSessionResponse),
        (status = 401, body = ErrorBody),
        (status = 404, body = ErrorBody),
    )
)]
pub async fn finalize_session(
    State(app): State<App>,
    Extension(state): Extension<InstanceState>,
    account: AccountCaller,
    PathId(id): PathId<SessionId>,
) -> ApiResult<(StatusCode, Json<FinalizeSessionResponse>)> {
    let owner = Some(account.user);
    let ended = apply_transition(&app, &state, id, owner, SessionTransition::End, EndReason::Ended).await;
    let (session, report) = match ended {
        // the end has requested the report
        Ok(session) if report::has_report(&session) => (session, report::ReportStatus::Pending),
        Ok(session) => (session, report::ReportStatus::None),
        Err(Error::Conflict(ErrorCode::SessionEnded, _)) => {
            let now = app.clock.now();
            let session =
                sessions::get_owned(&app.store, account.user, id, ReadConsistency::Strong, now).await?;
            let report = report::request_missing_report(&app, &session, now).await?;
            (session, report)
        }
        Err(error) => return Err(error.into()),
    };
    Ok((
        StatusCode::ACCEPTED,
        Json(FinalizeSessionResponse { session: SessionView::without_counts(session), report }),
    ))
}
