use entry::App;
use model::Error;
use protocol::job::{ConnectionUnreachable, OpenedReason};
use store::realtime::connections;

use crate::lifecycle;

/// Decides what became of a connection to which a post answered 410. A connection that may still open is sent its state again,
/// with what it has just missed. Any other connection is closed.
///
/// Does nothing without a row: the handshake was refused, or `$disconnect` or an earlier job has closed the connection. So a
/// burst of events to a dead connection closes it once. 1 read unit.
pub(super) async fn run(app: &App, job: &ConnectionUnreachable) -> Result<(), Error> {
    let now = app.clock.now();
    let Some(connection) = connections::get(&app.store, &job.connection, now).await? else { return Ok(()) };
    if job.is_opening {
        return lifecycle::send_opened(app, &connection, OpenedReason::RetryAfterOpening, now).await;
    }
    lifecycle::close(app, &connection, now).await
}
