//! When somebody of the team was heard last, as far as this instance knows.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use jiff::{SignedDuration, Timestamp};
use model::UserId;

/// A client pings every 30 seconds, and each of these is written down, but not those of its other tabs: one may be lost, and the
/// next comes at 60, before somebody counts as gone ([`store::online::AWAY`]). Five seconds are for timers that are not exact.
const HEARTBEAT_INTERVAL: SignedDuration = SignedDuration::from_secs(25);
/// People remembered; beyond, those whom it is time to write down again are forgotten, or all.
const MAX_USERS: usize = 20_000;

#[derive(Debug, Default)]
pub struct HeartbeatThrottle(Mutex<HashMap<UserId, Timestamp>>);

impl HeartbeatThrottle {
    fn lock(&self) -> MutexGuard<'_, HashMap<UserId, Timestamp>> {
        // no code panics while it holds the lock; if it did, the map would still be whole
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it is time to write down that they are there.
    pub(crate) fn is_due(&self, user: UserId, now: Timestamp) -> bool {
        let mut heard = self.lock();
        if heard.get(&user).is_some_and(|at| now < *at + HEARTBEAT_INTERVAL) {
            return false;
        }
        if heard.len() >= MAX_USERS {
            heard.retain(|_, at| now < *at + HEARTBEAT_INTERVAL);
            if heard.len() >= MAX_USERS {
                heard.clear();
            }
        }
        heard.insert(user, now);
        true
    }

    /// It could not be written down.
    pub(crate) fn forget(&self, user: UserId) {
        self.lock().remove(&user);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(number: u8) -> UserId {
        format!("00000000-0000-0000-0000-0000000000{number:02}").parse().unwrap()
    }

    #[test]
    fn a_ping_each_half_minute_is_news_and_a_second_tab_is_not() {
        let begin: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        let heard = HeartbeatThrottle::default();
        let one = user(1);
        let pings = [0, 10, 30, 40, 59].map(|seconds| begin + SignedDuration::from_secs(seconds));
        assert_eq!(pings.map(|now| heard.is_due(one, now)), [true, false, true, false, true]);
        assert!(heard.is_due(user(2), begin), "of one nothing is known by another");
        heard.forget(one);
        assert!(heard.is_due(one, begin + SignedDuration::from_secs(60)));
    }
}
