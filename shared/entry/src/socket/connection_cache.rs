//! The cache of connections. The owner of a connection never changes, so an instance reads each connection once.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jiff::{SignedDuration, Timestamp};
use model::Error;
use store::realtime::connections::{self, Connection};

use super::frame_rate::{FrameRate, FrameVerdict, LeakyBucket};
use crate::App;

/// The time after which an instance reads a connection again. When a log-in ends, its sockets are closed and their rows
/// are deleted, at once or later by the clock. An instance notices it by reading the row again.
const CACHE_LIFETIME: SignedDuration = SignedDuration::from_secs(60);
/// The maximum number of cached connections. Above it, expired ones are removed, and if none is expired, all are.
const MAX_CACHED_CONNECTIONS: usize = 20_000;

struct CachedConnection {
    connection: Connection,
    read_at: Timestamp,
    bucket: LeakyBucket,
}

/// The connections that this instance has read. Cheap to clone.
#[derive(Clone, Default)]
pub struct ConnectionCache(Arc<Mutex<HashMap<String, CachedConnection>>>);

impl ConnectionCache {
    fn entries(&self) -> MutexGuard<'_, HashMap<String, CachedConnection>> {
        // the map stays consistent after a panic, because no code panics while it holds the lock
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the connection with this id. It costs no read if it is cached, and one read otherwise.
    ///
    /// # Errors
    /// Returns `Unauthenticated` for a connection without a row, which was closed or never opened.
    pub async fn get_or_read(&self, app: &App, id: &str) -> Result<Connection, Error> {
        let now = app.clock.now();
        let cached = self
            .entries()
            .get(id)
            .filter(|entry| now < entry.read_at + CACHE_LIFETIME)
            .map(|entry| entry.connection.clone());
        if let Some(connection) = cached {
            return Ok(connection);
        }
        let found = connections::get(&app.store, id, now).await?;
        let Some(connection) = found else {
            self.remove(id);
            return Err(Error::Unauthenticated("this connection is unknown or closed: connect again"));
        };
        self.insert(connection.clone(), now);
        Ok(connection)
    }

    /// Adds a connection or replaces its cached state.
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

    /// Counts a frame of a connection and returns whether it may be handled.
    pub(super) fn take_frame(&self, id: &str, rate: FrameRate, now: Timestamp) -> FrameVerdict {
        self.entries().get_mut(id).map_or(FrameVerdict::Pass, |entry| entry.bucket.take(rate, now))
    }
}
