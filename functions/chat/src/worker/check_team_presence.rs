use entry::App;
use model::Error;
use protocol::job::CheckTeamPresence;

use crate::presence;

/// Checks whether a user is still online, because a `$disconnect` may never come. The clock sends this job every two minutes for
/// each user who is online. It costs 1 or 2 read units if nothing has changed.
pub(super) async fn run(app: &App, job: &CheckTeamPresence) -> Result<(), Error> {
    presence::check_presence(app, job.user, app.clock.now()).await
}
