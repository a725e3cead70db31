//! Start, pause, resume, end: one machine (`model::session`), one way through it.

use axum::{Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, PathId},
};
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
use store::{
    ReadConsistency, WriteOutcome,
    sessions::{self, Session},
};

use crate::{
    announce::CountScheduler,
    keep::{snapshot_all_slides, snapshot_slide},
    live, report,
    view::SessionView,
};

/// A running session is looked after this often: what nobody announced is counted.
pub const CHECK_INTERVAL: SignedDuration = SignedDuration::from_secs(60);
/// Changes that are tried again because another one came first.
const MAX_ATTEMPTS: usize = 8;

/// Changes a session, its owner's or (without one) anybody's, again and again until nobody came first.
///
/// # Errors
/// `NotFound` for others' sessions, and what `change` says. What it returns comes with the session.
pub async fn change_session<T>(
    app: &App,
    id: SessionId,
    owner: Option<UserId>,
    change: impl Fn(&mut Session, Timestamp) -> Result<T, Error>,
) -> Result<(Session, T), Error> {
    for _ in 0..MAX_ATTEMPTS {
        let now = app.clock.now();
        let mut session = match owner {
            Some(owner) => sessions::get_owned(&app.store, owner, id, ReadConsistency::Strong, now).await?,
            None => sessions::get(&app.store, id, ReadConsistency::Strong, now)
                .await?
                .ok_or(Error::NotFound("session"))?,
        };
        let said = change(&mut session, now)?;
        session.version += 1;
        session.last_presenter_action_at = now;
        if sessions::change(&app.store, &session).await? == WriteOutcome::Applied(()) {
            return Ok((session, said));
        }
        // refused by itself: the write was done, its answer was lost, and the SDK sent it again
        if sessions::get(&app.store, id, ReadConsistency::Strong, now).await?.as_ref() == Some(&session) {
            return Ok((session, said));
        }
    }
    Err(Error::unavailable("the session", "it changed under eight tries"))
}

/// Makes a move and tells the room.
pub async fn apply_transition(
    app: &App,
    announcer: &CountScheduler,
    id: SessionId,
    owner: Option<UserId>,
    made: SessionTransition,
    reason: EndReason,
) -> Result<Session, Error> {
    let (session, ()) = change_session(app, id, owner, |session, now| {
        let from = session.status;
        session.status = from.apply(made)?;
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
                // once more, in case the last counts or the last word are lost
                session.check_at = Some(now + CHECK_INTERVAL);
            }
            // not looked after, but ended when nobody comes back
            SessionStatus::Paused | SessionStatus::Pending => {
                let end = session.created_at + SignedDuration::from_hours(AUTO_END_HOURS);
                session.check_at = Some(end.min(now + SignedDuration::from_hours(IDLE_HOURS)));
            }
        }
        Ok(())
    })
    .await?;
    if let Err(error) = publish_transition(app, announcer, &session, made).await {
        // the change stands; whoever was not told sees it at the next event, ping or reconnect
        tracing::error!(session = %id, ?error, "a move was not told");
    }
    if made == SessionTransition::End
        && let Err(error) = report::request_report(app, &session, true).await
    {
        // the session's check asks for it once more
        tracing::error!(session = %id, ?error, "a report was not asked for");
    }
    Ok(session)
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

/// The end once more, for whoever has not heard it: told, and their sockets closed.
pub async fn publish_end(app: &App, session: &Session) -> Result<(), Error> {
    let now = app.clock.now();
    app.realtime.publish_and_close(Room::Session(session.id), session_ended_event(session, now), now).await
}

async fn publish_transition(
    app: &App,
    announcer: &CountScheduler,
    session: &Session,
    made: SessionTransition,
) -> Result<(), Error> {
    let now = app.clock.now();
    let (session_id, version) = (session.id, session.version);
    let moved = SessionStatusChanged { session_id, version, timestamp: now };
    let mut shown = None;
    let event = match made {
        SessionTransition::Start => {
            shown = live::load_snapshot(app, session.clone(), now).await?.shown;
            Event::SessionStarted(SessionStarted {
                session_id,
                version,
                started_at: session.started_at.unwrap_or(now),
                current_slide: shown.as_ref().map(|shown| shown.for_audience(session)),
            })
        }
        SessionTransition::Pause => Event::SessionPaused(moved),
        SessionTransition::Resume => Event::SessionResumed(moved),
        SessionTransition::End => session_ended_event(session, now),
    };
    if matches!(made, SessionTransition::Pause | SessionTransition::End)
        && let Some(slide) = session.current_slide
    {
        announcer.schedule_final_vote_count(app, session.id, slide).await;
    }
    let room = Room::Session(session.id);
    match made {
        SessionTransition::End => {
            let told = app.realtime.publish_and_close(room, event, now).await;
            if session.has_revealed() {
                app.queues.send(&RankQuiz { session: session.id }, now).await?;
            }
            told
        }
        SessionTransition::Start => {
            let told = app.realtime.publish(room, event, now).await;
            match session.pace {
                SlidePacing::Presenter => {
                    if let Some(shown) = &shown {
                        snapshot_slide(app, session, shown, now).await;
                    }
                }
                SlidePacing::Participant => snapshot_all_slides(app, session, now).await,
            }
            told
        }
        SessionTransition::Pause | SessionTransition::Resume => app.realtime.publish(room, event, now).await,
    }
}

macro_rules! moves {
    ($($(#[$doc:meta])* $name:ident, $path:literal, $id:literal, $made:expr;)*) => {$(
        $(#[$doc])*
        #[utoipa::path(
            post,
            path = $path,
            tag = "sessions",
            operation_id = $id,
            params(("id" = SessionId, Path)),
            security(("bearer" = []), ("cookie" = [])),
            responses(
                (status = 200, body = SessionView),
                (status = 401, body = ErrorBody),
                (status = 404, body = ErrorBody),
                (status = 409, description = "not from this state", body = ErrorBody),
            )
        )]
        pub async fn $name(
            State(app): State<App>,
            axum::Extension(hot): axum::Extension<crate::InstanceState>,
            account: AccountCaller,
            PathId(id): PathId<SessionId>,
        ) -> ApiResult<Json<SessionView>> {
            let owner = Some(account.user);
            let session = apply_transition(&app, &hot.count_scheduler, id, owner, $made, EndReason::Ended).await?;
            Ok(Json(SessionView::without_counts(session)))
        }
    )*};
}

moves! {
    /// Starts a session that waits: the audience may answer.
    start, "/v1/sessions/{id}/start", "start_session", SessionTransition::Start;
    /// Pauses a session: no answers until it goes on.
    pause, "/v1/sessions/{id}/pause", "pause_session", SessionTransition::Pause;
    /// Goes on after a pause.
    resume, "/v1/sessions/{id}/resume", "resume_session", SessionTransition::Resume;
    /// Ends a session for good; one that was not started is cancelled.
    end, "/v1/sessions/{id}/end", "end_session", SessionTransition::End;
}
