use entry::{App, log_ins::end_revoked_logins};
use model::{Error, user::AccountState};
use protocol::job::{AccountChanged, EndLogins};
use store::identity::{login_revocations, users};

/// Ends the log-ins of a revocation that was not finished, and closes their sockets. The job runs here because `identity` has no
/// worker. For a deleted account, the job of the areas that copy accounts is sent again.
///
/// # Errors
/// Fails if a log-in or a socket cannot be ended. The revocation stays due, and the clock sends the job again.
pub async fn run(app: &App, job: &EndLogins) -> Result<(), Error> {
    let now = app.clock.now();
    let found = login_revocations::get(&app.store, job.user, job.revocation, now).await?;
    // finished meanwhile
    let Some(revocation) = found else { return Ok(()) };
    let user = users::get_strong(&app.store, job.user, now).await?;
    if user.is_none_or(|user| user.status == AccountState::Deleted) {
        app.queues.send(&AccountChanged { user: job.user }, now).await?;
    }
    end_revoked_logins(app, &revocation).await
}
