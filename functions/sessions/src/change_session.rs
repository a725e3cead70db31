//! The one way to change the row of a session.

use entry::App;
use jiff::Timestamp;
use model::{Error, SessionId, UserId};
use store::{
    ReadConsistency, WriteOutcome, retry_conflict,
    sessions::{self, Session},
};

/// Changes a session by one conditional write, and repeats `change` on the new row if a concurrent change came first.
/// With `owner`, the session must belong to that user. Returns the new session, and the value that `change` returned.
///
/// # Errors
/// `NotFound` if the session does not exist or belongs to another user. The error of `change`. `Unavailable` after
/// eight lost attempts.
pub async fn change_session<T>(
    app: &App,
    id: SessionId,
    owner: Option<UserId>,
    change: impl Fn(&mut Session, Timestamp) -> Result<T, Error>,
) -> Result<(Session, T), Error> {
    retry_conflict("the session", || async {
        let now = app.clock.now();
        let mut session = match owner {
            Some(owner) => sessions::get_owned(&app.store, owner, id, ReadConsistency::Strong, now).await?,
            None => sessions::get(&app.store, id, ReadConsistency::Strong, now)
                .await?
                .ok_or(Error::NotFound("session"))?,
        };
        let returned = change(&mut session, now)?;
        session.version += 1;
        session.last_presenter_action_at = now;
        if sessions::change(&app.store, &session).await? == WriteOutcome::Applied(()) {
            return Ok(WriteOutcome::Applied((session, returned)));
        }
        // If the response of the write was lost, the SDK sent it again, and that second write lost its own condition.
        let stored = sessions::get(&app.store, id, ReadConsistency::Strong, now).await?;
        if stored.as_ref() == Some(&session) {
            Ok(WriteOutcome::Applied((session, returned)))
        } else {
            Ok(WriteOutcome::ConditionFailed)
        }
    })
    .await
}
