//! What a session came to. Its end asks for the report ([`request`]), a job composes and keeps it
//! ([`crate::worker::write_report`]), and [`get`](mod@get) answers it as JSON or as a page that one would print.
//!
//! | module | what |
//! | --- | --- |
//! | [`slides`] | the slides that a report and an export tell of |
//! | [`compose`](mod@compose) | the report from the answers, by query |
//! | [`slide`] | what one slide came to |
//! | [`page`] | the report as a page |
//! | [`chart`] | what is drawn on it |

pub mod chart;
pub mod compose;
pub mod get;
pub mod page;
pub mod slide;
pub mod slides;

use entry::App;
use jiff::Timestamp;
use model::{
    Error, ErrorCode,
    report::SessionReport,
    session::{EndReason, SessionStatus},
};
use protocol::job::WriteReport;
use serde::Serialize;
use store::sessions::{Session, reports};
use utoipa::ToSchema;

/// How far a report is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReportStatus {
    /// It is being written.
    Pending,
    Ready,
    /// The session never started, and there is nothing to tell.
    None,
}

/// Does the session get a report? One that never started has nothing to tell.
pub fn has_report(session: &Session) -> bool {
    session.status == SessionStatus::Ended && session.started_at.is_some()
}

/// Has the report of a session written, where it gets one. `counting` waits for the last answers.
pub async fn request_report(app: &App, session: &Session, counting: bool) -> Result<(), Error> {
    if !has_report(session) {
        return Ok(());
    }
    app.queues.send(&WriteReport { session: session.id, counting }, app.clock.now()).await
}

/// Has it written where none lies there; says how far it is.
pub async fn request_missing_report(
    app: &App,
    session: &Session,
    now: Timestamp,
) -> Result<ReportStatus, Error> {
    if !has_report(session) {
        return Ok(ReportStatus::None);
    }
    if reports::get(&app.store, session.id, now).await?.is_some() {
        return Ok(ReportStatus::Ready);
    }
    request_report(app, session, false).await?;
    Ok(ReportStatus::Pending)
}

/// The report of a session; `None` while it is being written.
///
/// # Errors
/// `Conflict` before the end; `NotFound` for a session that never started.
pub async fn find_report(
    app: &App,
    session: &Session,
    now: Timestamp,
) -> Result<Option<SessionReport>, Error> {
    if session.status != SessionStatus::Ended {
        let why = format!("a session that is {} has no report yet", session.status.as_str());
        return Err(Error::conflict(ErrorCode::Conflict, why));
    }
    if session.end_reason == Some(EndReason::Cancelled) {
        return Err(Error::NotFound("the report of a session that was cancelled"));
    }
    if session.started_at.is_none() {
        return Err(Error::NotFound("the report of a session that never started"));
    }
    Ok(reports::get(&app.store, session.id, now).await?)
}
