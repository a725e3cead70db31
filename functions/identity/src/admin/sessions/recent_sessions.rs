//! Running sessions. A session ends after a day at the latest, so the last two days contain all running ones.

use entry::App;
use futures::{StreamExt, TryStreamExt, stream};
use model::{Error, SessionId, session::SessionStatus};
use store::sessions::{self, Session};

/// Sessions whose counts are read concurrently.
const READ_CONCURRENCY: usize = 16;

/// The number of sessions created today, and the running sessions.
#[derive(Debug, Default)]
pub(crate) struct RecentSessions {
    pub(crate) today: usize,
    pub(crate) running: Vec<Session>,
}

pub(crate) async fn recent_sessions(app: &App) -> Result<RecentSessions, Error> {
    let now = app.clock.now();
    let today = sessions::day_of(now);
    let yesterday = today.yesterday().unwrap_or(today);
    let (new, old) = tokio::try_join!(
        sessions::list_by_day(&app.store, today, now),
        sessions::list_by_day(&app.store, yesterday, now),
    )?;
    let created_today = new.len();
    let is_on = |session: &Session| matches!(session.status, SessionStatus::Active | SessionStatus::Paused);
    Ok(RecentSessions { today: created_today, running: new.into_iter().chain(old).filter(is_on).collect() })
}

/// Returns the number of participants that are connected to these sessions, as last counted.
pub(crate) async fn count_connected(app: &App, running: &[Session]) -> Result<u64, Error> {
    let ids: Vec<SessionId> = running.iter().map(|session| session.id).collect();
    let now = app.clock.now();
    let counts = stream::iter(ids)
        .map(|id| async move { sessions::last_participant_count(&app.store, id, now).await })
        .buffer_unordered(READ_CONCURRENCY);
    Ok(counts.try_fold(0, |sum, count| async move { Ok(sum + count) }).await?)
}
