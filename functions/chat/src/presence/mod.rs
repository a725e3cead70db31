//! Team presence: which users are online, and its publication.
//!
//! A user is online while one of their connections has a row and sent a heartbeat recently. The row [`TeamPresence`] stores the
//! last published status. A `user_status` event is published only if the current status differs.

use std::time::Duration;

use entry::App;
use jiff::Timestamp;
use model::{Error, Room, UserId};
use protocol::{
    Event,
    event::chat::{PresenceStatus, UserStatusChanged},
};
use store::{
    WriteOutcome,
    chat::presence::{self, TeamPresence},
    realtime::connections::{self, Connection},
};

/// The clock checks a user whose devices come and go more often than this at one moment.
const MAX_ATTEMPTS: usize = 5;

/// Whether a connection is an account's own. A connection of a session is not one of the team.
pub(crate) const fn is_team_connection(connection: &Connection) -> bool {
    connection.identity.session().is_none()
}

/// Stores a heartbeat of a user, and publishes that the user is online if the team does not know it. Does nothing for a user
/// without a connection in the team's room. 1 write unit if the team knows it.
pub(crate) async fn record_heartbeat(app: &App, user: UserId, now: Timestamp) -> Result<(), Error> {
    for _ in 0..MAX_ATTEMPTS {
        if presence::record_heartbeat(&app.store, user, now).await? == WriteOutcome::Applied(()) {
            return Ok(());
        }
        if connections::list_by_holder(&app.store, Room::Team, user.uuid(), now).await?.is_empty() {
            return Ok(());
        }
        let before = presence::get(&app.store, user, now).await?;
        if let Some(unpublished) = before.as_ref().filter(|before| before.is_online && !before.is_published) {
            // Another function is about to publish it, or died before it did. Publishing twice does no harm.
            publish_status(app, unpublished, now).await?;
            continue;
        }
        if let WriteOutcome::Applied(row) =
            presence::set_status(&app.store, user, before.as_ref(), true, now).await?
        {
            return publish_status(app, &row, now).await;
        }
    }
    Ok(())
}

/// Checks whether a user that the team knows to be online still has a connection and sent a heartbeat recently. Publishes the
/// status if it has changed. The publishing also finds sockets that ended without `$disconnect`, and has their rows deleted.
/// 1 read unit, 2 if the user is online.
pub(crate) async fn check_presence(app: &App, user: UserId, now: Timestamp) -> Result<(), Error> {
    for _ in 0..MAX_ATTEMPTS {
        // The row is read before the connections. A connection that opens after this changes the row by its first heartbeat.
        let Some(row) = presence::get(&app.store, user, now).await? else { return Ok(()) };
        let is_online = row.is_online && row.is_recently_seen(now) && has_connection(app, user, now).await?;
        if is_online == row.is_online {
            return if row.is_published { Ok(()) } else { publish_status(app, &row, now).await };
        }
        if let WriteOutcome::Applied(row) =
            presence::set_status(&app.store, user, Some(&row), is_online, now).await?
        {
            return publish_status(app, &row, now).await;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok(())
}

async fn has_connection(app: &App, user: UserId, now: Timestamp) -> Result<bool, Error> {
    let all = connections::list_in_room(&app.store, Room::User(user), now).await?;
    Ok(all.iter().any(is_team_connection))
}

async fn publish_status(app: &App, row: &TeamPresence, now: Timestamp) -> Result<(), Error> {
    let status = if row.is_online { PresenceStatus::Online } else { PresenceStatus::Offline };
    let event = Event::UserStatus(UserStatusChanged { user_id: row.id, status, as_of: row.since });
    app.realtime.publish(Room::Team, event, now).await?;
    Ok(presence::mark_published(&app.store, row).await?)
}
