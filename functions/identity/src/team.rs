//! What the team's chat has to know of an account.

use entry::App;
use model::{Error, UserId};
use protocol::job::AccountChanged;

/// Has the chat follow an account that is called otherwise. Nobody's request fails by it: whoever opens the chat is taken into its
/// default channels then, and other names are written where they are changed the next time.
pub(crate) async fn try_sync_profile(app: &App, user: UserId) {
    if let Err(error) = sync_profile(app, user).await {
        tracing::warn!(user.id = %user, %error, "the chat was not told of an account");
    }
}

/// The same for an account that is deleted, of which the chat keeps nothing then: before its log-ins end, so that whoever is cut off
/// here can ask again.
///
/// # Errors
/// Where the queue failed.
pub(crate) async fn sync_profile(app: &App, user: UserId) -> Result<(), Error> {
    app.queues.send(&AccountChanged { user }, app.clock.now()).await
}
