use entry::{App, tick_wait::wait_for_tick_end};
use jiff::Timestamp;
use model::{Error, Room, tick::Tick};
use protocol::{
    Event,
    event::ParticipantCount,
    job::{CountPresence, CountRecipients},
};
use store::{
    ReadConsistency, WriteOutcome,
    realtime::connections,
    sessions::{self, PresenceCount},
};

use super::newest_finished_tick;
use crate::session_state::distinct_participants;

/// Counts the connected participants when the tick is over. Publishes the count to the presenter immediately, and to
/// everyone at a tick that depends on the size of the audience.
///
/// # Errors
/// Fails if the connections cannot be read, or if the count can neither be stored nor published.
pub async fn run(app: &App, job: CountPresence) -> Result<(), Error> {
    wait_for_tick_end(app, job.tick).await;
    let now = app.clock.now();
    let session = job.session;
    let tick = job.tick;
    let as_of = newest_finished_tick(app, tick).end_ms();
    let previous = match job.recipients {
        CountRecipients::Presenter => {
            sessions::get_presence(&app.store, session, ReadConsistency::Strong, now).await?
        }
        CountRecipients::Everyone => None,
    };
    if previous.as_ref().is_some_and(|previous| previous.tick != tick && previous.as_of >= tick.end_ms()) {
        // a late job has already counted for this one
        return Ok(());
    }
    let members = connections::list_in_room(&app.store, Room::Session(session), now).await?;
    let participants = distinct_participants(&members);
    let event = Event::ParticipantCount(ParticipantCount {
        session_id: session,
        participant_count: participants,
        as_of: Timestamp::from_millisecond(as_of).unwrap_or_default(),
    });
    match job.recipients {
        CountRecipients::Presenter => {
            let (previous_at, previous_peak) =
                previous.map_or((0, 0), |previous| (previous.someone_at, previous.peak));
            let someone_at = if members.is_empty() { previous_at } else { as_of };
            let peak = previous_peak.max(participants);
            let presence = PresenceCount { session, participants, as_of, someone_at, peak, tick };
            if sessions::save_presence(&app.store, &presence).await? == WriteOutcome::ConditionFailed {
                return Ok(());
            }
            app.realtime.publish(Room::Presenter(session), event, now).await?;
            // the tick that was counted: the audience may already have received the tick of the job
            let tick = Tick::containing(as_of - 1).next_for_audience(members.len());
            app.queues
                .send(&CountPresence { session, tick, recipients: CountRecipients::Everyone, tries: 0 }, now)
                .await
        }
        CountRecipients::Everyone => app.realtime.publish(Room::Session(session), event, now).await,
    }
}
