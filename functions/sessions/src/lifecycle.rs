//! The transitions start, pause, resume and end. `model::session` has the state machine. All transitions go through
//! this file, so that every one is a conditional write and is published.

use entry::App;
use jiff::{SignedDuration, Timestamp};
use model::{
    Error, Room, SessionId, UserId,
    session::{AUTO_END_HOURS, EndReason, IDLE_HOURS, SessionStatus, SessionTransition, SlidePacing},
};
use protocol::{
    Event,
    event::{SessionEnded, SessionStarted, SessionStatusChanged},
    job::RankQuiz,
};
use store::sessions::Session;

use crate::{
    change_session::change_session,
    instance_state::InstanceState,
    report,
    session_snapshot::load_snapshot,
    session_view::SessionView,
    slides::slide_snapshots::{snapshot_all_slides, snapshot_slide},
};

/// The interval at which a running session is checked. The check counts votes whose counting job was lost.
pub const CHECK_INTERVAL: SignedDuration = SignedDuration::from_secs(60);

/// Applies a transition that the owner of a session requested. Returns the session as the owner sees it.
///
/// # Errors
/// See [`apply_transition`].
pub async fn apply_owner_transition(
    app: &App,
    state: &InstanceState,
    owner: UserId,
    id: SessionId,
    transition: SessionTransition,
) -> Result<SessionView, Error> {
    let session = apply_transition(app, state, id, Some(owner), transition, EndReason::Ended).await?;
    Ok(SessionView::without_counts(session))
}

/// Applies a transition to a session, and publishes it to the room. The end also requests the report.
///
/// # Errors
/// `NotFound` if the session does not exist or belongs to another user than `owner`. `INVALID_TRANSITION` or
/// `SESSION_ENDED` if the status of the session does not allow the transition.
pub async fn apply_transition(
    app: &App,
    state: &InstanceState,
    id: SessionId,
    owner: Option<UserId>,
    transition: SessionTransition,
    reason: EndReason,
) -> Result<Session, Error> {
    let (session, ()) = change_session(app, id, owner, |session, now| {
        let from = session.status;
        session.status = from.apply(transition)?;
        match session.status {
            SessionStatus::Active => {
                session.started_at.get_or_insert(now);
                session.check_at = Some(now + CHECK_INTERVAL);
            }
            SessionStatus::Ended => {
                session.ended_at = Some(now);
                session.end_reason = Some(if from == SessionStatus::Pending && reason == EndReason::Ended {
                    EndReason::Cancelled
                } else {
                    reason
                });
                // a last check, in case the final counts or the end event are lost
                session.check_at = Some(now + CHECK_INTERVAL);
            }
            // such a session is not counted, but it ends if the presenter does not come back
            SessionStatus::Paused | SessionStatus::Pending => {
                let end = session.created_at + SignedDuration::from_hours(AUTO_END_HOURS);
                session.check_at = Some(end.min(now + SignedDuration::from_hours(IDLE_HOURS)));
            }
        }
        Ok(())
    })
    .await?;
    if let Err(error) = publish_transition(app, state, &session, transition).await {
        // the change is stored; clients that missed it see it at the next event, ping or reconnect
        tracing::error!(session = %id, ?error, "publishing a session transition failed");
    }
    if transition == SessionTransition::End
        && let Err(error) = report::request_report(app, &session, true).await
    {
        // the last check of the session requests it again
        tracing::error!(session = %id, ?error, "requesting a report failed");
    }
    Ok(session)
}

/// Publishes the end of a session again, and closes the sockets of its room. It reaches clients that missed the first
/// event.
///
/// # Errors
/// Fails if the event can neither be posted nor queued.
pub async fn publish_end(app: &App, session: &Session) -> Result<(), Error> {
    let now = app.clock.now();
    app.realtime.publish_and_close(Room::Session(session.id), session_ended_event(session, now), now).await
}

async fn publish_transition(
    app: &App,
    state: &InstanceState,
    session: &Session,
    transition: SessionTransition,
) -> Result<(), Error> {
    let now = app.clock.now();
    let room = Room::Session(session.id);
    let changed = SessionStatusChanged { session_id: session.id, version: session.version, timestamp: now };
    match transition {
        SessionTransition::Start => publish_start(app, session, now).await,
        SessionTransition::Pause => {
            schedule_final_count(app, state, session).await;
            app.realtime.publish(room, Event::SessionPaused(changed), now).await
        }
        SessionTransition::Resume => app.realtime.publish(room, Event::SessionResumed(changed), now).await,
        SessionTransition::End => {
            schedule_final_count(app, state, session).await;
            let published =
                app.realtime.publish_and_close(room, session_ended_event(session, now), now).await;
            if session.has_revealed() {
                app.queues.send(&RankQuiz { session: session.id }, now).await?;
            }
            published
        }
    }
}

async fn publish_start(app: &App, session: &Session, now: Timestamp) -> Result<(), Error> {
    let current = load_snapshot(app, session.clone(), now).await?.current;
    let started = SessionStarted {
        session_id: session.id,
        version: session.version,
        started_at: session.started_at.unwrap_or(now),
        current_slide: current.as_ref().map(|slide| slide.for_audience(session)),
    };
    let published =
        app.realtime.publish(Room::Session(session.id), Event::SessionStarted(started), now).await;
    match session.pace {
        SlidePacing::Presenter => {
            if let Some(slide) = &current {
                snapshot_slide(app, session, slide, now).await;
            }
        }
        SlidePacing::Participant => snapshot_all_slides(app, session, now).await,
    }
    published
}

async fn schedule_final_count(app: &App, state: &InstanceState, session: &Session) {
    if let Some(slide) = session.current_slide {
        state.count_scheduler.schedule_final_vote_count(app, session.id, slide).await;
    }
}

fn session_ended_event(session: &Session, now: Timestamp) -> Event {
    Event::SessionEnded(SessionEnded {
        session_id: session.id,
        version: session.version,
        ended_at: session.ended_at.unwrap_or(now),
        end_reason: session.end_reason.unwrap_or(EndReason::Ended),
        summary_available: false,
    })
}
