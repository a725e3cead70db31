//! Users of the team: the active users with a user name.

use entry::App;
use model::{Error, ErrorCode, UserId, message::MessageAuthor};
use store::identity::users::{self, User};

/// Returns the names of a user with a user name. Costs half a read unit, and 1 more if the user has no user name.
///
/// # Errors
/// `USERNAME_REQUIRED` if the user has no user name.
pub(crate) async fn require_teammate(app: &App, user: UserId) -> Result<MessageAuthor, Error> {
    let now = app.clock.now();
    if let Some(author) = users::get(&app.store, user, now).await?.as_ref().and_then(team_author) {
        return Ok(author);
    }
    // the eventually consistent read may be older than the user name, so it can accept but not reject
    let user = users::get_strong(&app.store, user, now).await?;
    user.as_ref().and_then(team_author).ok_or_else(|| {
        Error::conflict(ErrorCode::UsernameRequired, "choose a user name first: PATCH /v1/users/me")
    })
}

/// Returns the names of another user with a user name. Deleted, deactivated, banned and suspended users are not found.
///
/// # Errors
/// `NotFound` for every other user.
pub(crate) async fn find_teammate(app: &App, user: UserId) -> Result<MessageAuthor, Error> {
    let now = app.clock.now();
    let user = users::get_strong(&app.store, user, now).await?.filter(|user| user.is_active(now));
    user.as_ref().and_then(team_author).ok_or(Error::NotFound("user"))
}

/// Returns the names of an account, or `None` if it has no user name.
pub(crate) fn team_author(user: &User) -> Option<MessageAuthor> {
    let username = user.username.as_ref()?.as_str().to_owned();
    Some(MessageAuthor { id: user.id, username, name: user.name.clone() })
}
