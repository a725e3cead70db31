use entry::App;
use jiff::{SignedDuration, Timestamp};
use model::{
    Error, Room,
    session::{AUTO_END_HOURS, EndReason, IDLE_HOURS, SessionStatus, SessionTransition, SlidePacing},
};
use protocol::job::{CheckSession, RankQuiz};
use store::{
    ReadConsistency, presentations,
    realtime::connections,
    sessions::{self, Session, responses},
};

use crate::{InstanceState, moves, presence, report};

/// Looks after a session that has not ended: has its current slide counted, in case a vote was stored and its
/// announcement lost; ends it when nobody else did, or nobody is there. One that has ended is told so once more, and its
/// report asked for where none lies there.
pub async fn run(app: &App, hot: &InstanceState, job: CheckSession) -> Result<(), Error> {
    let now = app.clock.now();
    let found = sessions::get(&app.store, job.session, ReadConsistency::Strong, now).await?;
    let Some(session) = found else { return Ok(()) };
    if session.status == SessionStatus::Ended {
        // its last minute was a minute ago
        if let Some(slide) = session.current_slide {
            hot.count_scheduler.schedule_final_vote_count(app, session.id, slide).await;
        }
        count_other_slides(app, hot, &session, now).await?;
        if session.has_revealed() {
            app.queues.send(&RankQuiz { session: session.id }, now).await?;
        }
        moves::publish_end(app, &session).await?;
        report::request_missing_report(app, &session, now).await?;
        return Ok(sessions::cancel_check(&app.store, session.id).await?);
    }
    let end = session.created_at + SignedDuration::from_hours(AUTO_END_HOURS);
    if now >= end {
        return moves::apply_transition(
            app,
            &hot.count_scheduler,
            session.id,
            None,
            SessionTransition::End,
            EndReason::Expired,
        )
        .await
        .map(drop);
    }
    let idle = idle_since(app, &session, now).await? + SignedDuration::from_hours(IDLE_HOURS);
    if session.status != SessionStatus::Pending && now >= idle {
        return moves::apply_transition(
            app,
            &hot.count_scheduler,
            session.id,
            None,
            SessionTransition::End,
            EndReason::Idle,
        )
        .await
        .map(drop);
    }
    if session.status == SessionStatus::Active {
        if let Some(slide) = session.current_slide {
            hot.count_scheduler.schedule_vote_count(app, session.id, slide).await;
        }
        if session.pace == SlidePacing::Participant {
            count_other_slides(app, hot, &session, now).await?;
        }
        presence::enqueue_presence_count(app, session.id, now).await?;
        let next = (now + moves::CHECK_INTERVAL).min(end);
        return Ok(sessions::schedule_check(&app.store, session.id, next).await?);
    }
    // one that is paused while somebody is there is looked at once an hour: their sockets live two
    let next = if session.status == SessionStatus::Paused {
        idle.max(now + SignedDuration::from_hours(1))
    } else {
        end
    };
    Ok(sessions::schedule_check(&app.store, session.id, next.min(end)).await?)
}

/// When the presenter did something last, or somebody was there.
async fn idle_since(app: &App, session: &Session, now: Timestamp) -> Result<Timestamp, Error> {
    if !connections::list_in_small_room(&app.store, Room::Session(session.id), 1, now)
        .await?
        .is_some_and(|members| members.is_empty())
    {
        return Ok(now);
    }
    let count = sessions::get_presence(&app.store, session.id, ReadConsistency::Eventual, now).await?;
    let someone = count.and_then(|count| Timestamp::from_millisecond(count.someone_at).ok());
    // one from before there was such a field began when it was made
    let moved = session.last_presenter_action_at.max(session.created_at);
    Ok(someone.map_or(moved, |someone| someone.max(moved)))
}

/// Has every other slide that was answered counted once more: in case the last word on it was lost, its numbers stay; or in
/// case what counts is another thing now.
pub async fn count_other_slides(
    app: &App,
    hot: &InstanceState,
    session: &Session,
    now: Timestamp,
) -> Result<(), Error> {
    let Some(presentation) = presentations::get(&app.store, session.presentation, now).await? else {
        return Ok(());
    };
    for slide in presentation.slides.iter().filter(|slide| session.current_slide != Some(**slide)) {
        if responses::exists_for_slide(&app.store, session.id, *slide).await? {
            hot.count_scheduler.schedule_vote_count(app, session.id, *slide).await;
        }
    }
    Ok(())
}
