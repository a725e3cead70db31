use entry::App;
use model::Error;
use protocol::job::{ConnectionClosed, ConnectionsEnded};

/// Has the owner of connections do what follows from their end, once for all of them.
pub(super) async fn run(app: &App, job: ConnectionsEnded) -> Result<(), Error> {
    let ConnectionsEnded { connections, identity } = job;
    let mut connections = connections.into_iter();
    let Some(connection) = connections.next() else { return Ok(()) };
    let closed = ConnectionClosed { connection, identity, others: connections.collect() };
    app.queues.send(&closed, app.clock.now()).await
}
