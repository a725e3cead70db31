//! Who is of the team.

use entry::App;
use model::{Error, ErrorCode, UserId, message::MessageAuthor};
use store::identity::users::{self, User};

/// Someone of the team, by the names that it knows them by. Half a read unit; 1 more for whoever has no user name.
///
/// # Errors
/// `USERNAME_REQUIRED`: the team is whoever has a user name.
pub(crate) async fn require_teammate(app: &App, user: UserId) -> Result<MessageAuthor, Error> {
    let now = app.clock.now();
    if let Some(known) = users::get(&app.store, user, now).await?.as_ref().and_then(team_author) {
        return Ok(known);
    }
    // what was read may be from before a user name was chosen: it may accept, never refuse
    let user = users::get_strong(&app.store, user, now).await?;
    user.as_ref().and_then(team_author).ok_or_else(|| {
        Error::conflict(ErrorCode::UsernameRequired, "choose a user name first: PATCH /v1/users/me")
    })
}

/// Somebody else of the team, who is not kept out now.
///
/// # Errors
/// `NotFound` for everybody else.
pub(crate) async fn find_teammate(app: &App, user: UserId) -> Result<MessageAuthor, Error> {
    let now = app.clock.now();
    let user = users::get_strong(&app.store, user, now).await?.filter(|user| user.is_active(now));
    user.as_ref().and_then(team_author).ok_or(Error::NotFound("user"))
}

/// An account by its names, if it is of the team.
pub(crate) fn team_author(user: &User) -> Option<MessageAuthor> {
    let username = user.username.as_ref()?.as_str().to_owned();
    Some(MessageAuthor { id: user.id, username, name: user.name.clone() })
}
