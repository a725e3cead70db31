use entry::App;
use model::Error;
use protocol::job::EndLogin;
use store::identity::log_ins;

/// Closes the sockets of a log-in that has ended, then deletes the log-in. The job runs here because `identity` has no
/// worker. The log-in is invalid from its end on, whether or not this job runs.
///
/// # Errors
/// Fails if the sockets cannot be closed or the log-in cannot be deleted.
pub async fn run(app: &App, job: &EndLogin) -> Result<(), Error> {
    let closed = app.realtime.close_logins(job.user, |login| login == job.login, app.clock.now()).await?;
    if closed.still_opening > 0 {
        // the log-in stays due, and the clock sends the job again
        return Ok(());
    }
    Ok(log_ins::delete_ended(&app.store, job.user, job.login).await?)
}
