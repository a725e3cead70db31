use entry::{App, socket::close_if_logged_out};
use model::{ConnectionIdentity, Error, ErrorCode, Room, SessionId};
use protocol::{
    Event,
    event::ParticipantJoined,
    job::{ConnectionOpened, OpenedReason},
};
use store::{
    realtime::connections::{self, Connection},
    sessions::participants,
};

use crate::{
    instance_state::InstanceState, participants::participant_access::REMOVED_MESSAGE,
    presence::close_older_presenters, session_state,
};

/// Sends a connection the state of its session. A new presenter's connection closes the older ones. A new participant's
/// connection has presence counted, and the presenter receives `participant_joined`.
pub async fn run(app: &App, instance: &InstanceState, job: &ConnectionOpened) -> Result<(), Error> {
    let found = connections::get(&app.store, &job.connection, app.clock.now()).await?;
    // The connection may be closed already.
    let Some(connection) = found else { return Ok(()) };
    let now = app.clock.now();
    if close_if_logged_out(app, &connection, now).await? {
        return Ok(());
    }
    if let ConnectionIdentity::Participant { participant, session, .. } = connection.identity
        && let Some(found) = participants::get(&app.store, session, participant, now).await?
        && found.removed_at.is_some()
    {
        return app.realtime.close_with_reason(&connection, ErrorCode::Removed, REMOVED_MESSAGE, now).await;
    }
    let Some(session) = connection.identity.session() else { return Ok(()) };
    close_older_presenters(app, &connection, now).await?;
    let is_new = job.reason == OpenedReason::New;
    if is_new && matches!(connection.identity, ConnectionIdentity::Participant { .. }) {
        instance.count_scheduler.schedule_presence_count(app, session).await?;
    }
    let state = || state_and_count(app, instance, &connection, session);
    let delivered = app.realtime.send_event_when_open(&connection, || app.clock.now(), state).await?;
    // The connection closed, or never opened.
    let Some(participant_count) = delivered else { return Ok(()) };
    if let (true, ConnectionIdentity::Participant { participant, .. }) = (is_new, connection.identity) {
        let joined = Event::ParticipantJoined(ParticipantJoined {
            participant_id: participant,
            is_anonymous: connection.display_name.is_none(),
            display_name: connection.display_name,
            participant_count,
        });
        app.realtime.publish(Room::Presenter(session), joined, app.clock.now()).await?;
    }
    Ok(())
}

/// Loads the state of the session, and returns it with its count of participants.
async fn state_and_count(
    app: &App,
    instance: &InstanceState,
    connection: &Connection,
    session: SessionId,
) -> Result<(Event, u64), Error> {
    let state =
        session_state::load_session_state(app, instance, connection, session, app.clock.now()).await?;
    let participant_count = state.participant_count;
    Ok((Event::SessionState(Box::new(state)), participant_count))
}
