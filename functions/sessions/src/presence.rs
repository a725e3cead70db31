//! Presence in a session. It follows from the rows of connections, and is counted and published by tick.

use entry::App;
use jiff::Timestamp;
use model::{ConnectionIdentity, Error, ErrorCode, Room, SessionId, tick::Tick};
use protocol::job::{CountPresence, CountRecipients};
use store::realtime::connections::{self, Connection};

/// Has the connected participants of a session counted when this tick is over. The deduplication id makes all calls of a tick
/// one job.
///
/// `now` is a time after the rows were written or deleted. An older tick may have been counted already, and its job is not
/// accepted a second time.
pub async fn enqueue_presence_count(app: &App, session: SessionId, now: Timestamp) -> Result<(), Error> {
    let tick = Tick::containing(now.as_millisecond());
    let job = CountPresence { session, tick, recipients: CountRecipients::Presenter, tries: 0 };
    app.queues.send(&job, now).await
}

/// Closes every presenter connection of a session but the newest, with `superseded`. (In the original a dead socket kept the true
/// presenter out.) The rows decide which is the newest, so that two concurrent callers agree.
pub async fn close_older_presenters(app: &App, presenter: &Connection, now: Timestamp) -> Result<(), Error> {
    let ConnectionIdentity::Account { presents: Some(session), .. } = presenter.identity else {
        return Ok(());
    };
    let mut presenters = connections::list_in_room(&app.store, Room::Presenter(session), now).await?;
    // A connection that is open for long may have begun to present only now.
    let since = |connection: &Connection| connection.presents_since.unwrap_or(connection.connected_at);
    presenters.sort_by(|a, b| (since(a), &a.id).cmp(&(since(b), &b.id)));
    presenters.pop();
    let message = "a newer connection presents";
    app.realtime.close_all(presenters, ErrorCode::Superseded, message, now).await.map(drop)
}
