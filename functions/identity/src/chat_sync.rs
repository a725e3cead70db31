//! Jobs that keep the chat's copy of an account current.

use entry::App;
use model::{Error, UserId};
use protocol::job::AccountChanged;

/// Sends the job that copies a changed name into the chat. A failure is only logged: the chat adds a user to the
/// default channels when they open it, and the next change of the name is copied.
pub(crate) async fn try_sync_profile(app: &App, user: UserId) {
    if let Err(error) = sync_profile(app, user).await {
        tracing::warn!(user.id = %user, %error, "the chat's copy of an account was not updated");
    }
}

/// Sends the job that copies an account into the chat, or removes a deleted account from it. A deletion sends the job
/// before it ends the login sessions, so that a caller whose request fails here can retry.
///
/// # Errors
/// `Unavailable` if the queue failed.
pub(crate) async fn sync_profile(app: &App, user: UserId) -> Result<(), Error> {
    app.queues.send(&AccountChanged { user }, app.clock.now()).await
}
