use entry::{App, run_once::run_once, tokens::ReportLink};
use jiff::SignedDuration;
use model::{Error, Room, report::size_limit::truncate_report};
use protocol::{
    Event,
    event::ReportReady,
    job::{EmailTemplate, MailRecipient, SendMail, WriteReport},
};
use store::{
    ReadConsistency,
    sessions::{self, Session, reports},
};

use crate::report::{compose::compose_report, has_report};

/// Longer than the timeout of the function, 15 s.
const LEASE: SignedDuration = SignedDuration::from_secs(20);

/// Writes the report of a session that has ended, and notifies its owner by mail and by an event. Repeated deliveries
/// of the job write and notify once. A delivery after an interrupted one continues with the stored report.
///
/// # Errors
/// Fails if the report cannot be composed, stored or published.
pub async fn run(app: &App, job: &WriteReport) -> Result<(), Error> {
    let found = sessions::get(&app.store, job.session, ReadConsistency::Strong, app.clock.now()).await?;
    let Some(session) = found.filter(has_report) else { return Ok(()) };
    run_once(app, &format!("report#{}", session.id), LEASE, Box::pin(write_and_store(app, &session))).await
}

async fn write_and_store(app: &App, session: &Session) -> Result<(), Error> {
    let now = app.clock.now();
    let report = if let Some(stored) = reports::get(&app.store, session.id, now).await? {
        stored
    } else {
        let report = truncate_report(compose_report(app, session, now).await?);
        reports::put_first(&app.store, &report, now).await?;
        report
    };
    // Signed at the time of the report, so that a repeated delivery sends the same link.
    let link = ReportLink { owner: session.owner, session: session.id };
    let template = EmailTemplate::ReportReady {
        session: session.id,
        title: session.presentation_title.clone(),
        token: Some(app.tokens.sign(&link, report.written_at).await?),
    };
    let to = MailRecipient::User(session.owner);
    let mail = SendMail { id: format!("report#{}", session.id), to, template };
    app.queues.send(&mail, now).await?;
    // every socket of the owner is in this room, also the presenter's
    let ready = Event::ReportReady(ReportReady { session_id: session.id, created_at: report.written_at });
    app.realtime.publish(Room::User(session.owner), ready, now).await
}
