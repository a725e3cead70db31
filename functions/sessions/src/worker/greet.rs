use entry::App;
use model::{Error, ErrorCode, Room, SessionId};
use protocol::{Event, event::ParticipantJoined, job::SendSessionState};
use store::{
    realtime::connections::{self, Connection, ConnectionIdentity},
    sessions::participants,
};

use crate::{
    instance_state::InstanceState, participants::participant_access::REMOVED_MESSAGE, session_state,
};

/// Tells a connection the state of its session, and the presenter who has come.
pub async fn run(app: &App, hot: &InstanceState, job: &SendSessionState) -> Result<(), Error> {
    let found = connections::get(&app.store, &job.connection, app.clock.now()).await?;
    // gone again before it was greeted
    let Some(connection) = found else { return Ok(()) };
    let now = app.clock.now();
    if app.realtime.close_if_logged_out(&connection, now).await? {
        return Ok(());
    }
    if let ConnectionIdentity::Participant { participant, session, .. } = connection.identity
        && let Some(found) = participants::get(&app.store, session, participant, now).await?
        && found.removed_at.is_some()
    {
        return app.realtime.close_with_reason(&connection, ErrorCode::Removed, REMOVED_MESSAGE, now).await;
    }
    let Some(session) = connection.identity.session() else { return Ok(()) };
    app.realtime.close_older_presenters(&connection, now).await?;
    let state = || state_and_count(app, hot, &connection, session);
    let told = app.realtime.send_event_when_open(&connection, || app.clock.now(), state).await?;
    // gone, or never opened
    let Some(participant_count) = told else { return Ok(()) };
    if let (true, ConnectionIdentity::Participant { participant, .. }) = (job.arrived, connection.identity) {
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

/// The state of the session, and how many it counted.
async fn state_and_count(
    app: &App,
    hot: &InstanceState,
    connection: &Connection,
    session: SessionId,
) -> Result<(Event, u64), Error> {
    let state = session_state::load_session_state(app, hot, connection, session, app.clock.now()).await?;
    let participant_count = state.participant_count;
    Ok((Event::SessionState(Box::new(state)), participant_count))
}
