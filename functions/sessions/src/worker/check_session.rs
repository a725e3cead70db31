use entry::App;
use jiff::{SignedDuration, Timestamp};
use model::{
    Error, Room,
    session::{AUTO_END_HOURS, EndReason, IDLE_HOURS, SessionStatus, SessionTransition, SlidePacing},
};
use protocol::job::{CheckSession, RankQuiz};
use store::{
    ReadConsistency,
    realtime::connections,
    sessions::{self, Session},
};

use super::count_turned_away;
use crate::{
    instance_state::InstanceState,
    lifecycle::{self, CHECK_INTERVAL, apply_transition},
    report,
};

/// Checks a session.
///
/// The check of a running session schedules a count of its slides, in case the job of a stored vote was lost. It ends a
/// session that is a day old or idle. The last check of a session that has ended counts its slides, publishes the end
/// again, and requests the report if none exists.
///
/// # Errors
/// Fails if the session cannot be read or changed. The clock then sends the job again.
pub async fn run(app: &App, state: &InstanceState, job: CheckSession) -> Result<(), Error> {
    let now = app.clock.now();
    let found = sessions::get(&app.store, job.session, ReadConsistency::Strong, now).await?;
    let Some(session) = found else { return Ok(()) };
    if session.status == SessionStatus::Ended {
        // the final counts of the last minute may have been lost
        if let Some(slide) = session.current_slide {
            state.count_scheduler.schedule_final_vote_count(app, session.id, slide).await;
        }
        state.count_scheduler.schedule_other_vote_counts(app, &session, now).await?;
        if session.has_revealed() {
            app.queues.send(&RankQuiz { session: session.id }, now).await?;
        }
        lifecycle::publish_end(app, &session).await?;
        report::request_missing_report(app, &session, now).await?;
        return Ok(sessions::cancel_check(&app.store, session.id).await?);
    }
    let end = session.created_at + SignedDuration::from_hours(AUTO_END_HOURS);
    if now >= end {
        return end_session(app, state, &session, EndReason::Expired).await;
    }
    let idle = idle_since(app, &session, now).await? + SignedDuration::from_hours(IDLE_HOURS);
    if session.status != SessionStatus::Pending && now >= idle {
        return end_session(app, state, &session, EndReason::Idle).await;
    }
    if session.status == SessionStatus::Active {
        if let Some(slide) = session.current_slide {
            state.count_scheduler.schedule_vote_count(app, session.id, slide).await;
        }
        if session.pace == SlidePacing::Participant {
            state.count_scheduler.schedule_other_vote_counts(app, &session, now).await?;
        }
        state.count_scheduler.schedule_presence_count(app, session.id).await?;
        count_turned_away::repair(app, session.id).await?;
        let next = (now + CHECK_INTERVAL).min(end);
        return Ok(sessions::schedule_check(&app.store, session.id, next).await?);
    }
    // a paused session with connections is checked once an hour, because a socket lives at most two hours
    let next = if session.status == SessionStatus::Paused {
        idle.max(now + SignedDuration::from_hours(1))
    } else {
        end
    };
    Ok(sessions::schedule_check(&app.store, session.id, next.min(end)).await?)
}

async fn end_session(
    app: &App,
    state: &InstanceState,
    session: &Session,
    reason: EndReason,
) -> Result<(), Error> {
    apply_transition(app, state, session.id, None, SessionTransition::End, reason).await.map(drop)
}

/// Returns the time of the last action of the presenter, or the last time at which a client was connected.
async fn idle_since(app: &App, session: &Session, now: Timestamp) -> Result<Timestamp, Error> {
    if !connections::list_in_small_room(&app.store, Room::Session(session.id), 1, now)
        .await?
        .is_some_and(|members| members.is_empty())
    {
        return Ok(now);
    }
    let count = sessions::get_presence(&app.store, session.id, ReadConsistency::Eventual, now).await?;
    let connected_at = count.and_then(|count| Timestamp::from_millisecond(count.someone_at).ok());
    // sessions that are older than the field `last_presenter_action_at` count from their creation
    let acted_at = session.last_presenter_action_at.max(session.created_at);
    Ok(connected_at.map_or(acted_at, |connected_at| connected_at.max(acted_at)))
}
