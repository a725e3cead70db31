//! Jobs of the platform's queue.

mod connection_unreachable;
mod connections_ended;
mod forward;

use entry::{
    App,
    worker::{JobTable, handler},
};
use protocol::job::{
    AccountChanged, BroadcastFrame, ConnectionUnreachable, ConnectionsEnded, SessionEndRequested,
};

pub fn jobs() -> JobTable<App> {
    JobTable::new([
        // A frame that is posted twice does no harm, because events carry state.
        handler(|app: App, job: BroadcastFrame| async move {
            app.realtime.run_broadcast(&job, app.clock.now()).await
        }),
        handler(|app: App, job: ConnectionUnreachable| async move {
            connection_unreachable::run(&app, &job).await
        }),
        handler(|app: App, job: ConnectionsEnded| async move { connections_ended::run(&app, job).await }),
        handler(|app: App, job: AccountChanged| async move { forward::account_changed(&app, job).await }),
        handler(|app: App, job: SessionEndRequested| async move {
            forward::session_end_requested(&app, job).await
        }),
    ])
}
