//! Remembers for half a second which participants were removed from a session, as the session itself is remembered.
//!
//! A removed participant's vote is refused although their connection is remembered longer. The alternative, a read of the participant
//! for each vote, would cost half as much as the vote. All other messages read the participant, because they are rare.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use entry::App;
use jiff::Timestamp;
use model::{Error, ParticipantId, SessionId};
use store::sessions::participants;

use super::session_cache::CACHE_TTL;

/// The removed participants of a session, with the time at which they were read.
type CachedRemovals = HashMap<SessionId, (Timestamp, BTreeSet<ParticipantId>)>;

/// The removed participants of the sessions of one instance. Cheap to clone.
#[derive(Clone, Default)]
pub struct RemovalCache(Arc<Mutex<CachedRemovals>>);

impl RemovalCache {
    fn lock(&self) -> MutexGuard<'_, CachedRemovals> {
        // no code panics while it holds the lock; the map would be whole even then
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns whether a participant was removed, at most half a second ago. 1 read unit if that is not remembered.
    ///
    /// # Errors
    /// Fails if the removed participants cannot be read.
    pub async fn is_removed(
        &self,
        app: &App,
        session: SessionId,
        participant: ParticipantId,
    ) -> Result<bool, Error> {
        let now = app.clock.now();
        let is_current = |read_at: Timestamp| now < read_at + CACHE_TTL;
        if let Some((_, removed)) = self.lock().get(&session).filter(|(read_at, _)| is_current(*read_at)) {
            return Ok(removed.contains(&participant));
        }
        let removed = participants::list_removed(&app.store, session, now).await?;
        let is_removed = removed.contains(&participant);
        let mut all = self.lock();
        all.retain(|_, (read_at, _)| is_current(*read_at));
        all.insert(session, (now, removed));
        drop(all);
        Ok(is_removed)
    }
}
