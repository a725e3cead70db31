//! Remembers a session and its current slide for half a second.
//!
//! The alternative, two seconds, saves no more in a burst of a thousand votes, because an instance then reads twice a
//! second. With half a second, a vote that a participant casts after the presenter paused is stored for a quarter of
//! the time. A remembered session may accept an answer, but never refuse it. Before an answer is refused, everything is
//! read again.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use entry::App;
use jiff::{SignedDuration, Timestamp};
use model::{Error, SessionId, SlideId, session::SlidePacing};
use store::{ReadConsistency, sessions};

use crate::session_snapshot::{self, SessionSnapshot, load_snapshot};

/// The time for which a session is remembered.
pub(super) const CACHE_TTL: SignedDuration = SignedDuration::from_millis(500);

/// The session, and the slide at which a participant is in a self-paced session. `None` stands for the current slide.
type CacheKey = (SessionId, Option<SlideId>);
/// Snapshots with the time at which each was read.
type CachedSnapshots = HashMap<CacheKey, (Timestamp, Arc<SessionSnapshot>)>;

/// Session snapshots of one instance. Cheap to clone.
#[derive(Clone, Default)]
pub struct SessionCache(Arc<Mutex<CachedSnapshots>>);

impl SessionCache {
    fn lock(&self) -> MutexGuard<'_, CachedSnapshots> {
        // no code panics while it holds the lock; the map would be whole even then
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find(&self, key: CacheKey, now: Timestamp) -> Option<Arc<SessionSnapshot>> {
        let found = self.lock().get(&key).filter(|(read_at, _)| now < *read_at + CACHE_TTL).cloned();
        found.map(|(_, snapshot)| snapshot)
    }

    fn insert(&self, key: CacheKey, snapshot: SessionSnapshot, now: Timestamp) -> Arc<SessionSnapshot> {
        let snapshot = Arc::new(snapshot);
        let mut snapshots = self.lock();
        snapshots.retain(|_, (read_at, _)| now < *read_at + CACHE_TTL);
        snapshots.insert(key, (now, snapshot.clone()));
        snapshot
    }

    /// Returns the remembered snapshot of a session, or reads it if it is older than half a second.
    ///
    /// # Errors
    /// `NotFound` if the session does not exist.
    pub async fn get_cached(&self, app: &App, session: SessionId) -> Result<Arc<SessionSnapshot>, Error> {
        match self.find((session, None), app.clock.now()) {
            Some(snapshot) => Ok(snapshot),
            None => self.get_fresh(app, session).await,
        }
    }

    /// Reads the snapshot of a session, strongly consistent, and remembers it.
    ///
    /// # Errors
    /// `NotFound` if the session does not exist.
    pub async fn get_fresh(&self, app: &App, session: SessionId) -> Result<Arc<SessionSnapshot>, Error> {
        let now = app.clock.now();
        let found = sessions::get(&app.store, session, ReadConsistency::Strong, now).await?;
        let snapshot = load_snapshot(app, found.ok_or(Error::NotFound("session"))?, now).await?;
        Ok(self.insert((session, None), snapshot, now))
    }

    /// Returns the snapshot for a participant who is at `slide`. If the presenter sets the pace, that is the given
    /// snapshot. In a self-paced session it is the snapshot with that slide on the screen.
    ///
    /// # Errors
    /// Fails if the slide cannot be read.
    pub async fn get_at_slide(
        &self,
        app: &App,
        snapshot: Arc<SessionSnapshot>,
        slide: SlideId,
    ) -> Result<Arc<SessionSnapshot>, Error> {
        let is_current = snapshot.current.as_ref().is_some_and(|current| current.id == slide);
        if is_current || snapshot.session.pace == SlidePacing::Presenter {
            return Ok(snapshot);
        }
        let now = app.clock.now();
        let key = (snapshot.session.id, Some(slide));
        if let Some(cached) = self.find(key, now).filter(|cached| cached.session == snapshot.session) {
            return Ok(cached);
        }
        let current = session_snapshot::find_slide(app, &snapshot.session, slide, now).await?;
        let at_slide = SessionSnapshot {
            session: snapshot.session.clone(),
            current,
            total_slides: snapshot.total_slides,
        };
        Ok(self.insert(key, at_slide, now))
    }
}
