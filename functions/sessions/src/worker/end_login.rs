use entry::App;
use model::Error;
use protocol::job::EndLogin;
use store::identity::log_ins;

/// Closes the sockets of a log-in that has ended, then forgets it. Here and not in `identity`, which has no worker; that
/// log-in counts no more since it was ended, whether or not this runs.
pub async fn run(app: &App, job: &EndLogin) -> Result<(), Error> {
    app.realtime.close_logins(job.user, |login| login == job.login, app.clock.now()).await?;
    Ok(log_ins::delete_ended(&app.store, job.user, job.login).await?)
}
