//! Closing the sockets of a removed participant.

use entry::App;
use model::{Error, ErrorCode, ParticipantId, Room, SessionId};
use store::sessions::participants;

use super::participant_access::REMOVED_MESSAGE;

/// Closes all sockets of a removed participant, and then takes the removal out of the `due` index.
///
/// A socket that is not open yet cannot be posted to. The job that sends it the session state closes it. The removal stays due until
/// then, and the clock has this repeated.
///
/// # Errors
/// Fails if a socket cannot be closed. The removal stays due.
pub async fn close_removed_participant(
    app: &App,
    session: SessionId,
    participant: ParticipantId,
) -> Result<(), Error> {
    let (room, holder) = (Room::Session(session), participant.uuid());
    let now = app.clock.now();
    let closed = app.realtime.close_holder(room, holder, ErrorCode::Removed, REMOVED_MESSAGE, now).await?;
    if closed.still_opening > 0 {
        return Ok(());
    }
    Ok(participants::finish_removal(&app.store, session, participant).await?)
}
