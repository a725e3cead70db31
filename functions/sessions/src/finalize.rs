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

use crate::{InstanceState, moves, report, view::SessionView};

#[derive(Debug, Serialize, ToSchema)]
pub struct FinalizeSessionResponse {
    pub session: SessionView,
    /// `none` for a session that never started.
    pub report: report::ReportStatus,
}

/// Ends a session, if it has not ended, and has its report written, if it is not. As often as one likes.
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
    Extension(hot): Extension<InstanceState>,
    account: AccountCaller,
    PathId(id): PathId<SessionId>,
) -> ApiResult<(StatusCode, Json<FinalizeSessionResponse>)> {
    let owner = Some(account.user);
    let ended = moves::apply_transition(
        &app,
        &hot.count_scheduler,
        id,
        owner,
        SessionTransition::End,
        EndReason::Ended,
    )
    .await;
    let (session, report) = match ended {
        // the end has asked for the report, after what is still being counted
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
