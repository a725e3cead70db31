//! The injected clock and generator of ids. No other module asks the system for the time.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use uuid::{NoContext, Uuid};

/// The time of the system plus the offset that a test has set.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    ahead_ms: Arc<AtomicI64>,
}

impl Clock {
    pub fn system() -> Self {
        Self::default()
    }

    /// Returns the current time in milliseconds, the unit of gateways, ids and clients.
    #[expect(clippy::disallowed_methods, reason = "this is the source of time")]
    pub fn now(&self) -> Timestamp {
        let ahead = SignedDuration::from_millis(self.ahead_ms.load(Ordering::Relaxed));
        let now = Timestamp::now() + ahead;
        Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
    }

    /// Returns the milliseconds since 1970.
    pub fn millis(&self) -> i64 {
        self.now().as_millisecond()
    }

    /// Moves this clock and all of its clones forward.
    pub fn advance(&self, by: Duration) {
        let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        self.ahead_ms.fetch_add(by, Ordering::Relaxed);
    }

    /// Generates a UUID v7, so that ids sort by the time of this clock.
    pub fn new_id<T: From<Uuid>>(&self) -> T {
        let now = self.now();
        let seconds = u64::try_from(now.as_second()).unwrap_or_default();
        let nanos = u32::try_from(now.subsec_nanosecond()).unwrap_or_default();
        T::from(Uuid::new_v7(uuid::Timestamp::from_unix(NoContext, seconds, nanos)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_move_together_and_ids_follow_the_clock() {
        let clock = Clock::system();
        let earlier: Uuid = clock.new_id();
        let other = clock.clone();
        other.advance(Duration::from_hours(1));
        let later: Uuid = clock.new_id();
        assert!(later > earlier);
        assert!(clock.millis() - other.millis() < 1000);
    }
}
