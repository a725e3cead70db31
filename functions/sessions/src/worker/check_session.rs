use entry::App;
use jiff::{SignedDuration, Timestamp};
use model::{
    Error,
    session::{AUTO_END_HOURS, EndReason, Move, Status},
};
use protocol::job::CheckSession;
use store::{
    Freshness, presentations, responses,
    sessions::{self, Session},
};

use crate::{Hot, moves};

/// Looks after a session that has not ended: has its current slide counted, in case a vote was stored and its
/// announcement lost; ends it when nobody else did. One that has ended is told so once more.
pub async fn run(app: &App, hot: &Hot, job: CheckSession) -> Result<(), Error> {
    let now = app.clock.now();
    let found = sessions::get(&app.store, job.session, Freshness::Strong, now).await?;
    let Some(session) = found else { return Ok(()) };
    if session.status == Status::Ended {
        // its last minute was a minute ago
        if let Some(slide) = session.current_slide {
            hot.announcer.last_votes(app, session.id, slide).await;
        }
        count_others(app, hot, &session, now).await?;
        moves::tell_end(app, &session).await?;
        return Ok(sessions::check_no_more(&app.store, session.id).await?);
    }
    let end = session.created_at + SignedDuration::from_hours(AUTO_END_HOURS);
    if now >= end {
        return moves::make(app, &hot.announcer, session.id, None, Move::End, EndReason::Expired)
            .await
            .map(drop);
    }
    if session.status == Status::Active {
        if let Some(slide) = session.current_slide {
            hot.announcer.votes(app, session.id, slide).await;
        }
        app.rooms.announce_presence(session.id, now).await?;
        let next = (now + moves::CHECKED_EVERY).min(end);
        return Ok(sessions::check_again(&app.store, session.id, next).await?);
    }
    Ok(sessions::check_again(&app.store, session.id, end).await?)
}

/// Has every other slide that was answered counted once more, in case the last word on it was lost: its numbers stay.
async fn count_others(app: &App, hot: &Hot, session: &Session, now: Timestamp) -> Result<(), Error> {
    let Some(presentation) = presentations::get(&app.store, session.presentation, now).await? else {
        return Ok(());
    };
    for slide in presentation.slides.iter().filter(|slide| session.current_slide != Some(**slide)) {
        if responses::any(&app.store, session.id, *slide).await? {
            hot.announcer.votes(app, session.id, *slide).await;
        }
    }
    Ok(())
}
