//! The lifecycle of a connection. Opening and closing sends one job to the area that owns the connection, and that area decides
//! what follows. [`realtime::closing`] also deletes the row of a connection, when it closes many at once.

use entry::App;
use jiff::Timestamp;
use model::Error;
use protocol::job::{ConnectionClosed, ConnectionOpened, OpenedReason};
use store::realtime::connections::{self, Connection};

/// Has the owner of a connection send it the state of what it belongs to.
pub(crate) async fn send_opened(
    app: &App,
    connection: &Connection,
    reason: OpenedReason,
    now: Timestamp,
) -> Result<(), Error> {
    let job = ConnectionOpened { connection: connection.id.clone(), identity: connection.identity, reason };
    app.queues.send(&job, now).await
}

/// Deletes the rows of a connection that is closed, and has its owner do what follows.
///
/// The order makes a second call complete what a crash interrupted. The rooms go first, because the owner derives presence from
/// them. The row of the connection goes last, so that it stays until the job is in the queue. A repetition sends the job twice,
/// which does no harm.
pub(crate) async fn close(app: &App, connection: &Connection, now: Timestamp) -> Result<(), Error> {
    connections::leave_rooms(&app.store, connection).await?;
    let job = ConnectionClosed {
        connection: connection.id.clone(),
        identity: connection.identity,
        others: Vec::new(),
    };
    app.queues.send(&job, now).await?;
    Ok(connections::delete_row(&app.store, &connection.id).await?)
}
