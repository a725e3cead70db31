//! Forwards what one area reports to the areas that follow it. Roles of the platform may send to every queue, and roles of a
//! product only to its own. The alternative, a role of identity that may send to the queues of all other products, would let a
//! defect there run every job of theirs.

use entry::App;
use model::Error;
use protocol::job::{AccountChanged, EndSession, SessionEndRequested, SyncProfile};

/// The chat copies names and joins new accounts to its default channels.
pub(super) async fn account_changed(app: &App, job: AccountChanged) -> Result<(), Error> {
    app.queues.send(&SyncProfile { user: job.user }, app.clock.now()).await
}

pub(super) async fn session_end_requested(app: &App, job: SessionEndRequested) -> Result<(), Error> {
    app.queues.send(&EndSession { session: job.session }, app.clock.now()).await
}
