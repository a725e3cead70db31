//! Who answers and asks, by a participant's token.

use entry::{App, http::GuestCaller};
use model::{Error, ErrorCode, SessionId};
use store::sessions::participants::{self, Participant};

/// The participant behind a token of this session. 1 read unit.
///
/// # Errors
/// `NotFound` for a token of another session; `REMOVED` for those whom the presenter has sent away.
pub async fn require_participant(
    app: &App,
    session: SessionId,
    guest: GuestCaller,
) -> Result<Participant, Error> {
    if guest.session != session {
        return Err(Error::NotFound("session"));
    }
    let found = participants::get(&app.store, session, guest.participant, app.clock.now()).await?;
    require_not_removed(found.ok_or(Error::NotFound("participant"))?)
}

/// # Errors
/// `REMOVED` for those whom the presenter has sent away.
pub fn require_not_removed(participant: Participant) -> Result<Participant, Error> {
    match participant.removed_at {
        None => Ok(participant),
        Some(_) => Err(Error::Forbidden(ErrorCode::Removed, REMOVED_MESSAGE.into())),
    }
}

/// What those are told whom the presenter has sent away, by a refusal or on a socket that is closed.
pub const REMOVED_MESSAGE: &str = "the presenter has removed you from this session";
