//! The connections that this instance has met: a participant's connection stays theirs, so it is read once.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jiff::{SignedDuration, Timestamp};
use model::Error;
use store::realtime::connections::{self, Connection};

use super::frame_rate::{FrameRate, FrameVerdict, LeakyBucket};
use crate::App;

/// After this an instance asks again whether there is such a connection. A log-in that ends has its sockets closed at once,
/// or by the clock where that broke off; their rows go with them, and this is how an instance hears of it.
const CACHE_LIFETIME: SignedDuration = SignedDuration::from_secs(60);
/// Connections remembered; beyond, the oldest are forgotten and read again.
const MAX_CACHED_CONNECTIONS: usize = 20_000;

struct CachedConnection {
    connection: Connection,
    read_at: Timestamp,
    bucket: LeakyBucket,
}

/// Cheap to clone.
#[derive(Clone, Default)]
pub struct ConnectionCache(Arc<Mutex<HashMap<String, CachedConnection>>>);

impl ConnectionCache {
    fn entries(&self) -> MutexGuard<'_, HashMap<String, CachedConnection>> {
        // no code panics while it holds the lock; if it did, the map would still be whole
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whose connection is this? 0 reads, or 1 when this instance meets it first.
    ///
    /// # Errors
    /// `Unauthenticated` for one that has no row: it was closed, or never opened.
    pub async fn get_or_read(&self, app: &App, id: &str) -> Result<Connection, Error> {
        let now = app.clock.now();
        let met = self
            .entries()
            .get(id)
            .filter(|entry| now < entry.read_at + CACHE_LIFETIME)
            .map(|entry| entry.connection.clone());
        if let Some(connection) = met {
            return Ok(connection);
        }
        let found = connections::get(&app.store, id, now).await?;
        let Some(connection) = found else {
            self.remove(id);
            return Err(Error::Unauthenticated("this connection is not, or no longer, known: connect again"));
        };
        self.insert(connection.clone(), now);
        Ok(connection)
    }

    /// Remembers who a connection is (now).
    pub fn insert(&self, connection: Connection, now: Timestamp) {
        let mut entries = self.entries();
        if entries.len() >= MAX_CACHED_CONNECTIONS {
            entries.retain(|_, entry| now < entry.read_at + CACHE_LIFETIME);
            if entries.len() >= MAX_CACHED_CONNECTIONS {
                entries.clear();
            }
        }
        let bucket = entries.get(&connection.id).map_or_else(|| LeakyBucket::new(now), |entry| entry.bucket);
        entries.insert(connection.id.clone(), CachedConnection { connection, read_at: now, bucket });
    }

    pub fn remove(&self, id: &str) {
        self.entries().remove(id);
    }

    /// May this frame of a connection be looked at?
    pub(super) fn take_frame(&self, id: &str, pace: FrameRate, now: Timestamp) -> FrameVerdict {
        self.entries().get_mut(id).map_or(FrameVerdict::Pass, |entry| entry.bucket.take(pace, now))
    }
}
