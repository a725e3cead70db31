use entry::App;
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

use super::{newest_finished_tick, wait_for_tick_end};
use crate::session_state::distinct_participants;

/// Counts who is connected when the tick is over. The presenter is told at once, everyone by the size of the audience.
pub async fn run(app: &App, job: CountPresence) -> Result<(), Error> {
    wait_for_tick_end(app, job.tick).await;
    let now = app.clock.now();
    let (session, tick, as_of) = (job.session, job.tick, newest_finished_tick(app, job.tick).end_ms());
    let before = match job.recipients {
        CountRecipients::Presenter => {
            sessions::get_presence(&app.store, session, ReadConsistency::Strong, now).await?
        }
        CountRecipients::Everyone => None,
    };
    if before.as_ref().is_some_and(|before| before.tick != tick && before.as_of >= tick.end_ms()) {
        // a job that came late has counted for this one
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
            let (last, peak) = before.map_or((0, 0), |before| (before.someone_at, before.peak));
            let someone_at = if members.is_empty() { last } else { as_of };
            let peak = peak.max(participants);
            let presence = PresenceCount { session, participants, as_of, someone_at, peak, tick };
            if sessions::save_presence(&app.store, &presence).await? == WriteOutcome::ConditionFailed {
                return Ok(());
            }
            app.realtime.publish(Room::Presenter(session), event, now).await?;
            // of the tick that was counted: the audience may have been told of the job's own before it came
            let tick = Tick::containing(as_of - 1).next_for_audience(members.len());
            app.queues
                .send(&CountPresence { session, tick, recipients: CountRecipients::Everyone, tries: 0 }, now)
                .await
        }
        CountRecipients::Everyone => app.realtime.publish(Room::Session(session), event, now).await,
    }
}
