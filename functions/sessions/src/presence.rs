//! Presence in a session. It follows from the rows of connections, and is counted and published by tick.

use entry::App;
use jiff::Timestamp;
use model::{ConnectionIdentity, Error, ErrorCode, Room};
use store::realtime::connections::{self, Connection};

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
