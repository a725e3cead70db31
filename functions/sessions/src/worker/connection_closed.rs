use entry::App;
use model::{ConnectionIdentity, Error, ParticipantId, Room, SessionId};
use protocol::{Event, event::ParticipantLeft, job::ConnectionClosed};
use store::{realtime::connections, sessions};

use crate::instance_state::InstanceState;

/// Has presence counted after connections of a participant closed. The presenter receives `participant_left` if the participant has
/// no other connection.
pub async fn run(app: &App, instance: &InstanceState, job: &ConnectionClosed) -> Result<(), Error> {
    let ConnectionIdentity::Participant { participant, session, .. } = job.identity else { return Ok(()) };
    publish_departure(app, instance, session, participant).await
}

/// Has presence counted, and publishes to the presenter that a participant left if they have no connection.
pub(super) async fn publish_departure(
    app: &App,
    instance: &InstanceState,
    session: SessionId,
    participant: ParticipantId,
) -> Result<(), Error> {
    let now = app.clock.now();
    instance.count_scheduler.schedule_presence_count(app, session).await?;
    let room = Room::Session(session);
    if connections::list_by_holder(&app.store, room, participant.uuid(), now).await?.is_empty() {
        let participant_count = sessions::last_participant_count(&app.store, session, now).await?;
        let left = Event::ParticipantLeft(ParticipantLeft { participant_id: participant, participant_count });
        app.realtime.publish(Room::Presenter(session), left, now).await?;
    }
    Ok(())
}
