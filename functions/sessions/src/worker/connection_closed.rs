use entry::App;
use model::{ConnectionIdentity, Error, Room};
use protocol::{Event, event::ParticipantLeft, job::ConnectionClosed};
use store::{realtime::connections, sessions};

use crate::instance_state::InstanceState;

/// Has presence counted after a participant's connection closed. The presenter receives `participant_left` if the participant has
/// no other connection.
pub async fn run(app: &App, instance: &InstanceState, job: &ConnectionClosed) -> Result<(), Error> {
    let ConnectionIdentity::Participant { participant, session, .. } = job.identity else { return Ok(()) };
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
