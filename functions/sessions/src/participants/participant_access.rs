//! Decides whether a participant's token still counts.

use entry::{App, http::GuestCaller};
use model::{Error, ErrorCode, SessionId};
use store::sessions::participants::{self, Participant};

/// Returns the participant of a token. It costs 1 read unit.
///
/// # Errors
/// `NotFound` if the token is of another session. `REMOVED` if the presenter has removed the participant.
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

/// Returns the participant unless the presenter has removed them.
///
/// # Errors
/// `REMOVED` if the presenter has removed the participant.
pub fn require_not_removed(participant: Participant) -> Result<Participant, Error> {
    match participant.removed_at {
        None => Ok(participant),
        Some(_) => Err(Error::Forbidden(ErrorCode::Removed, REMOVED_MESSAGE.into())),
    }
}

/// The message that a removed participant receives, in an error response or when the socket closes.
pub const REMOVED_MESSAGE: &str = "the presenter has removed you from this session";
