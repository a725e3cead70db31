//! Who is of the team: whoever has a user name.

use entry::App;
use model::{Code, Error, UserId, message::Author};
use store::users;

/// An account as the team knows it. 0.5 read units.
///
/// # Errors
/// `USERNAME_REQUIRED` for an account without a user name: it is of no team.
pub(crate) async fn teammate(app: &App, user: UserId) -> Result<Author, Error> {
    let account = users::get(&app.store, user, app.clock.now()).await?;
    let account = account.ok_or(Error::Unauthenticated("there is no such account any more"))?;
    let username = account.username.ok_or_else(|| {
        Error::conflict(Code::UsernameRequired, "choose a user name first: PATCH /v1/users/me")
    })?;
    Ok(Author { id: user, username: username.as_str().to_owned(), name: account.name })
}
