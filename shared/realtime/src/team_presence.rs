//! Who of the team is there, and telling it. What is so follows from connections and from when they were heard
//! ([`store::online`]); the team is told where that changes.

use std::time::Duration;

use jiff::Timestamp;
use model::{Error, Room, UserId};
use protocol::{
    Event,
    event::chat::{PresenceStatus, UserStatusChanged},
};
use store::{
    WriteOutcome,
    chat::presence::{self, TeamPresence},
    realtime::connections::{self, Connection, ConnectionIdentity},
};

use crate::RealtimeHub;

/// Somebody whose devices come and go this often at one moment is looked after by the clock.
const MAX_ATTEMPTS: usize = 5;

impl RealtimeHub {
    /// One of somebody's connections is heard: tells the team, if it did not know that they are there. Nothing of someone who is not
    /// in the team's room: they are not of it. 1 write unit where it was known.
    pub async fn record_heartbeat(&self, user: UserId, now: Timestamp) -> Result<(), Error> {
        for _ in 0..MAX_ATTEMPTS {
            if presence::record_heartbeat(&self.store, user, now).await? == WriteOutcome::Applied(()) {
                return Ok(());
            }
            if connections::list_by_holder(&self.store, Room::Team, user.uuid(), now).await?.is_empty() {
                return Ok(());
            }
            let before = presence::get(&self.store, user, now).await?;
            if let Some(untold) = before.as_ref().filter(|before| before.is_online && !before.is_published) {
                // whoever was to tell it broke off, or is at it: told twice is harmless
                self.publish_status(untold, now).await?;
                continue;
            }
            if let WriteOutcome::Applied(row) =
                presence::set_status(&self.store, user, before.as_ref(), true, now).await?
            {
                return self.publish_status(&row, now).await;
            }
        }
        Ok(())
    }

    /// Looks whether somebody whom the team knows to be there still is: has a connection, and was heard. Where they are not, the
    /// team is told. What tells it also finds out whose sockets are gone without a `$disconnect`, and takes their rows away:
    /// nobody is taken for gone who only says nothing. 1 read unit, 2 where they are there.
    pub async fn check_team_presence(&self, user: UserId, now: Timestamp) -> Result<(), Error> {
        for _ in 0..MAX_ATTEMPTS {
            // before the connections: whoever opens one after this is heard after this, which changes the row
            let Some(row) = presence::get(&self.store, user, now).await? else { return Ok(()) };
            let is_there =
                row.is_online && row.is_recently_seen(now) && self.has_connection(user, now).await?;
            if is_there == row.is_online {
                return if row.is_published { Ok(()) } else { self.publish_status(&row, now).await };
            }
            if let WriteOutcome::Applied(row) =
                presence::set_status(&self.store, user, Some(&row), is_there, now).await?
            {
                return self.publish_status(&row, now).await;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Ok(())
    }

    /// Whether somebody has a connection of the team: one of a session is a talk's, not theirs to be reached by.
    async fn has_connection(&self, user: UserId, now: Timestamp) -> Result<bool, Error> {
        let theirs = connections::list_in_room(&self.store, Room::User(user), now).await?;
        Ok(theirs.iter().any(is_team_connection))
    }

    async fn publish_status(&self, row: &TeamPresence, now: Timestamp) -> Result<(), Error> {
        let status = if row.is_online { PresenceStatus::Online } else { PresenceStatus::Offline };
        let event = Event::UserStatus(UserStatusChanged { user_id: row.id, status, as_of: row.since });
        self.publish(Room::Team, event, now).await?;
        Ok(presence::mark_published(&self.store, row).await?)
    }
}

/// Whether it is an account's own connection, and no session's.
pub const fn is_team_connection(connection: &Connection) -> bool {
    matches!(connection.identity, ConnectionIdentity::Account { presents: None, .. })
}
