use entry::{App, run_once::run_once};
use jiff::SignedDuration;
use model::{Error, Room, report::size_limit::truncate_report};
use protocol::{
    Event,
    event::ReportReady,
    job::{EmailTemplate, SendMail, WriteReport},
};
use store::{
    ReadConsistency,
    sessions::{self, Session, reports},
};

use crate::report::{compose::compose_report, has_report};

/// More than the function's 15 s.
const LEASE: SignedDuration = SignedDuration::from_secs(20);

/// Writes the report of a session that has ended, and tells its owner: once, however often the job is delivered. One that
/// broke off half-way goes on with the report that lies there.
pub async fn run(app: &App, job: &WriteReport) -> Result<(), Error> {
    let found = sessions::get(&app.store, job.session, ReadConsistency::Strong, app.clock.now()).await?;
    let Some(session) = found.filter(has_report) else { return Ok(()) };
    run_once(app, &format!("report#{}", session.id), LEASE, Box::pin(write_and_store(app, &session))).await
}

async fn write_and_store(app: &App, session: &Session) -> Result<(), Error> {
    let now = app.clock.now();
    let report = if let Some(kept) = reports::get(&app.store, session.id, now).await? {
        kept
    } else {
        let report = truncate_report(compose_report(app, session, now).await?);
        reports::put_first(&app.store, &report, now).await?;
        report
    };
    let letter =
        EmailTemplate::ReportReady { session: session.id, title: session.presentation_title.clone() };
    let mail = SendMail { id: format!("report#{}", session.id), user: session.owner, template: letter };
    app.queues.send(&mail, now).await?;
    // every socket of an owner is in this room, the presenter's too
    let ready = Event::ReportReady(ReportReady { session_id: session.id, created_at: report.written_at });
    app.realtime.publish(Room::User(session.owner), ready, now).await
}
