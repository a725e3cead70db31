use axum::{Extension, Json, extract::State};
use entry::{
    App,
    http::{Account, Answer, ErrorBody, Id},
};
use http::StatusCode;
use model::{
    Code, Error, SessionId,
    session::{EndReason, Move},
};
use serde::Serialize;
use store::{Freshness, sessions};
use utoipa::ToSchema;

use crate::{Hot, moves, report, view::SessionView};

#[derive(Debug, Serialize, ToSchema)]
pub struct Finalized {
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
        (status = 202, body = Finalized),
        (status = 401, body = ErrorBody),
        (status = 404, body = ErrorBody),
    )
)]
pub async fn finalize(
    State(app): State<App>,
    Extension(hot): Extension<Hot>,
    account: Account,
    Id(id): Id<SessionId>,
) -> Answer<(StatusCode, Json<Finalized>)> {
    let owner = Some(account.user);
    let ended = moves::make(&app, &hot.announcer, id, owner, Move::End, EndReason::Ended).await;
    let (session, report) = match ended {
        // the end has asked for the report, after what is still being counted
        Ok(session) if report::is_due(&session) => (session, report::ReportStatus::Pending),
        Ok(session) => (session, report::ReportStatus::None),
        Err(Error::Conflict(Code::SessionEnded, _)) => {
            let now = app.clock.now();
            let session = sessions::owned(&app.store, account.user, id, Freshness::Strong, now).await?;
            let report = report::request_missing(&app, &session, now).await?;
            (session, report)
        }
        Err(error) => return Err(error.into()),
    };
    Ok((StatusCode::ACCEPTED, Json(Finalized { session: SessionView::uncounted(session), report })))
}
