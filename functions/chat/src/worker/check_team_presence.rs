use entry::App;
use model::Error;
use protocol::job::CheckTeamPresence;

use crate::presence::{self, scheduler::PresenceScheduler};

/// Checks whether a user is still online, because a `$disconnect` may never come. The clock sends this job every two minutes for
/// each user who is online, and for each status whose publication was lost. It costs 1 or 2 read units if nothing has changed.
pub(super) async fn run(
    app: &App,
    scheduler: &PresenceScheduler,
    job: &CheckTeamPresence,
) -> Result<(), Error> {
    presence::check_presence(app, scheduler, job.user, app.clock.now()).await
}
