use entry::App;
use model::Error;
use protocol::job::CheckTeamPresence;

/// Looks whether somebody whom the team knows to be there still is: a `$disconnect` may never come. Every two minutes for
/// everyone who is there, and 1 or 2 read units where nothing has changed.
pub(super) async fn run(app: &App, job: &CheckTeamPresence) -> Result<(), Error> {
    app.realtime.check_team_presence(job.user, app.clock.now()).await
}
