//! The report of a session. The end of a session requests it by [`request_report`]. The job
//! [`crate::worker::write_report`] composes and stores it. [`get`](mod@get) returns it as JSON or as a printable page.
//!
//! | module | content |
//! | --- | --- |
//! | [`get`](mod@get) | `GET /v1/sessions/{id}/report` |
//! | [`revoke_links`] | `DELETE /v1/sessions/{id}/report/links` |
//! | [`reported_slides`](mod@reported_slides) | the slides that a report and an export contain |
//! | [`compose`](mod@compose) | the report, from the stored answers |
//! | [`slide_report`](mod@slide_report) | the part of the report about one slide |
//! | [`page`] | the report as a page |
//! | [`chart`] | the charts on the page |

pub mod chart;
pub mod compose;
pub mod get;
pub mod page;
pub mod reported_slides;
pub mod revoke_links;
pub mod slide_report;

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
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes of this folder.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get::get_report)).routes(routes!(revoke_links::revoke_report_links))
}

/// The progress of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReportStatus {
    /// The report is being written.
    Pending,
    /// The report is stored.
    Ready,
    /// The session was never started, so it has no report.
    None,
}

/// Returns whether a session has a report. It has one if it was started and has ended.
pub fn has_report(session: &Session) -> bool {
    session.status == SessionStatus::Ended && session.started_at.is_some()
}

/// Requests the report of a session, if the session has one. With `counting`, the job waits for the last answers.
///
/// # Errors
/// Fails if the job cannot be sent.
pub async fn request_report(app: &App, session: &Session, counting: bool) -> Result<(), Error> {
    if !has_report(session) {
        return Ok(());
    }
    app.queues.send(&WriteReport { session: session.id, counting }, app.clock.now()).await
}

/// Requests the report of a session if none is stored. Returns its progress.
///
/// # Errors
/// Fails if the report cannot be read or the job cannot be sent.
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

/// Returns the report of a session, or `None` while it is being written.
///
/// # Errors
/// `Conflict` before the end of the session. `NotFound` if the session was never started.
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
