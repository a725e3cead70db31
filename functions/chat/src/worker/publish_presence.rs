use entry::{App, tick_wait::wait_for_tick_end};
use model::Error;
use protocol::job::PublishPresence;

use crate::presence::publish;

/// Publishes the statuses that have changed, when the tick is over. A late or second job publishes what is not published yet, which
/// is mostly nothing.
pub(super) async fn run(app: &App, job: PublishPresence) -> Result<(), Error> {
    wait_for_tick_end(app, job.tick).await;
    publish::publish_changes(app).await
}
