//! Team presence: which users are online, and its publication.
//!
//! | file | contents |
//! | --- | --- |
//! | this one | decides whether a user is online, and stores an unpublished status if it has changed |
//! | [`scheduler`] | has the unpublished statuses published, at most once a second |
//! | [`publish`] | publishes them: one state for all, or one event for each |
//!
//! A user is online while one of their connections has a row and sent a heartbeat recently. The row
//! [`TeamPresence`](presence::TeamPresence) stores the last status, and whether it is published.

pub(crate) mod publish;
pub(crate) mod scheduler;

use std::time::Duration;

use entry::App;
use jiff::Timestamp;
use model::{Error, Room, UserId};
use store::{
    WriteOutcome,
    chat::presence,
    realtime::connections::{self, Connection},
};

use scheduler::PresenceScheduler;

/// The clock checks a user whose devices come and go more often than this at one moment.
const MAX_ATTEMPTS: usize = 5;

/// Whether a connection is an account's own. A connection of a session is not one of the team.
pub(crate) const fn is_team_connection(connection: &Connection) -> bool {
    connection.identity.session().is_none()
}

/// Stores a heartbeat of a user, and has it published that the user is online if the team does not know it. Does nothing for a user
/// without a connection in the team's room. 1 write unit if the team knows it.
pub(crate) async fn record_heartbeat(
    app: &App,
    scheduler: &PresenceScheduler,
    user: UserId,
    now: Timestamp,
) -> Result<(), Error> {
    for _ in 0..MAX_ATTEMPTS {
        if presence::record_heartbeat(&app.store, user, now).await? == WriteOutcome::Applied(()) {
            return Ok(());
        }
        if connections::list_by_holder(&app.store, Room::Team, user.uuid(), now).await?.is_empty() {
            return Ok(());
        }
        let before = presence::get(&app.store, user, now).await?;
        if before.as_ref().is_some_and(|before| before.is_online && !before.is_published) {
            // A job is about to publish it, or was lost.
            return scheduler.schedule(app).await;
        }
        if let WriteOutcome::Applied(_) =
            presence::set_status(&app.store, user, before.as_ref(), true, now).await?
        {
            return scheduler.schedule(app).await;
        }
    }
    Ok(())
}

/// Checks whether a user that the team knows to be online still has a connection and sent a heartbeat recently. Has the status
/// published if it has changed. The publishing also finds sockets that ended without `$disconnect`, and has their rows deleted.
/// 1 read unit, 2 if the user is online.
pub(crate) async fn check_presence(
    app: &App,
    scheduler: &PresenceScheduler,
    user: UserId,
    now: Timestamp,
) -> Result<(), Error> {
    for _ in 0..MAX_ATTEMPTS {
        // The row is read before the connections. A connection that opens after this changes the row by its first heartbeat.
        let Some(row) = presence::get(&app.store, user, now).await? else { return Ok(()) };
        let is_online = row.is_online && row.is_recently_seen(now) && has_connection(app, user, now).await?;
        if is_online == row.is_online {
            return if row.is_published { Ok(()) } else { scheduler.schedule(app).await };
        }
        if let WriteOutcome::Applied(_) =
            presence::set_status(&app.store, user, Some(&row), is_online, now).await?
        {
            return scheduler.schedule(app).await;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok(())
}

async fn has_connection(app: &App, user: UserId, now: Timestamp) -> Result<bool, Error> {
    let all = connections::list_in_room(&app.store, Room::User(user), now).await?;
    Ok(all.iter().any(is_team_connection))
}
