//! Heartbeats of accounts' own connections.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use entry::App;
use jiff::{SignedDuration, Timestamp};
use model::{ConnectionIdentity, Error, Room, UserId};
use protocol::job::ConnectionHeartbeat;
use store::{WriteOutcome, chat::presence, realtime::connections};

/// A client pings every 30 seconds. An instance stores each of these pings, but not those of the account's other tabs. One ping
/// may be lost: the next one comes at 60 s, before the account counts as away ([`presence::AWAY_AFTER`]). Five seconds are for
/// timers that are not exact.
const HEARTBEAT_INTERVAL: SignedDuration = SignedDuration::from_secs(25);
/// Accounts that an instance remembers. Above that it removes those whose next heartbeat is due, or else all.
const MAX_USERS: usize = 20_000;

/// Stores that the holder of an account's own connection is there.
///
/// This is the one place where the platform writes a row of a product. A `ping` comes every 30 seconds from every client, and
/// this conditional write of 1 write unit is all that it needs while nothing changes. A job of each ping to the chat's queue,
/// with three requests to SQS and an invocation, would cost about three times as much. The chat decides everything else: if the
/// condition fails and the account is in the team's room, it receives one job and publishes the status.
pub(crate) async fn record_heartbeat(
    app: &App,
    throttle: &HeartbeatThrottle,
    identity: &ConnectionIdentity,
    now: Timestamp,
) -> Result<(), Error> {
    let ConnectionIdentity::Account { user, presents: None, .. } = *identity else { return Ok(()) };
    if !throttle.is_due(user, now) {
        return Ok(());
    }
    let written = write_heartbeat(app, user, now).await;
    if written.is_err() {
        throttle.forget(user);
    }
    written
}

async fn write_heartbeat(app: &App, user: UserId, now: Timestamp) -> Result<(), Error> {
    if presence::record_heartbeat(&app.store, user, now).await? == WriteOutcome::Applied(()) {
        return Ok(());
    }
    // An account without a user name is never in the team's room, and its pings lead to no jobs.
    if connections::list_by_holder(&app.store, Room::Team, user.uuid(), now).await?.is_empty() {
        return Ok(());
    }
    app.queues.send(&ConnectionHeartbeat { user }, now).await
}

/// The last heartbeat of each account that this instance has stored.
#[derive(Debug, Default)]
pub struct HeartbeatThrottle(Mutex<HashMap<UserId, Timestamp>>);

impl HeartbeatThrottle {
    fn lock(&self) -> MutexGuard<'_, HashMap<UserId, Timestamp>> {
        // No code panics while it holds the lock. If it did, the map would still be whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a heartbeat of the account must be stored now.
    fn is_due(&self, user: UserId, now: Timestamp) -> bool {
        let mut last = self.lock();
        if last.get(&user).is_some_and(|at| now < *at + HEARTBEAT_INTERVAL) {
            return false;
        }
        if last.len() >= MAX_USERS {
            last.retain(|_, at| now < *at + HEARTBEAT_INTERVAL);
            if last.len() >= MAX_USERS {
                last.clear();
            }
        }
        last.insert(user, now);
        true
    }

    /// Removes a heartbeat that could not be stored.
    fn forget(&self, user: UserId) {
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
    fn pings_are_stored_every_half_minute_and_not_for_each_tab() {
        let begin: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        let throttle = HeartbeatThrottle::default();
        let ana = user(1);
        let pings = [0, 10, 30, 40, 59].map(|seconds| begin + SignedDuration::from_secs(seconds));
        assert_eq!(pings.map(|now| throttle.is_due(ana, now)), [true, false, true, false, true]);
        assert!(throttle.is_due(user(2), begin), "each account has its own heartbeats");
        throttle.forget(ana);
        assert!(throttle.is_due(ana, begin + SignedDuration::from_secs(60)));
    }
}
