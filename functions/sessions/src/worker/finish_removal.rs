use entry::App;
use model::Error;
use protocol::job::FinishRemoval;
use store::sessions::participants;

use super::connection_closed::publish_departure;
use crate::{instance_state::InstanceState, participants::removal::close_removed_participant};

/// Closes the sockets of a removed participant that are still open. The departure is published again, because the function that
/// removed the participant may have died before it reported it.
///
/// # Errors
/// Fails if a socket cannot be closed. The removal stays due, and the clock sends the job again.
pub async fn run(app: &App, instance: &InstanceState, job: &FinishRemoval) -> Result<(), Error> {
    let FinishRemoval { session, participant } = *job;
    if !participants::is_removed(&app.store, session, participant, app.clock.now()).await? {
        return Ok(());
    }
    publish_departure(app, instance, session, participant).await?;
    close_removed_participant(app, session, participant).await
}
