//! Ending several log-ins of an account with their sockets.
//!
//! It is here because two functions do it: the one that decides it, and a worker that finishes it after a crash.

use futures::future::try_join_all;
use jiff::Timestamp;
use model::{Error, ErrorCode, LoginId, Room, UserId};
use realtime::closing::LOGGED_OUT_MESSAGE;
use store::{
    identity::{
        log_ins::{self, Login},
        login_revocations::{self, LoginRevocation},
    },
    realtime::connections,
};

use crate::App;

/// Ends the log-ins of a revocation, closes the sockets of all log-ins that have ended, and deletes the revocation. A second call
/// completes what a crash interrupted. A log-in that has ended is also in the `due` index itself until its sockets are closed.
///
/// # Errors
/// Fails if a log-in cannot be ended or a socket cannot be closed. The revocation stays due then.
pub async fn end_revoked_logins(app: &App, revocation: &LoginRevocation) -> Result<(), Error> {
    let (user, now) = (revocation.user, app.clock.now());
    let all = log_ins::list(&app.store, user, now).await?;
    let ending: Vec<&Login> = all.iter().filter(|login| revocation.ends(login)).collect();
    try_join_all(ending.iter().map(|login| log_ins::end(&app.store, user, login.id, now))).await?;
    let still_opening = close_ended_logins(app, user, now).await?;
    try_join_all(ending.iter().map(|login| log_ins::delete_ended(&app.store, user, login.id))).await?;
    if still_opening > 0 {
        return Ok(());
    }
    Ok(login_revocations::finish(&app.store, revocation).await?)
}

/// Closes the connections of an account whose log-in is not valid. Returns how many of them were not open yet.
///
/// The connections are read before the log-ins. A log-in exists before its first socket, so no socket of a new log-in is closed.
async fn close_ended_logins(app: &App, user: UserId, now: Timestamp) -> Result<usize, Error> {
    let mut connections = connections::list_in_room(&app.store, Room::User(user), now).await?;
    let valid: Vec<LoginId> =
        log_ins::list(&app.store, user, now).await?.into_iter().map(|login| login.id).collect();
    connections.retain(|connection| {
        connection.identity.account_login().is_some_and(|by| !valid.contains(&by.login))
    });
    let closed =
        app.realtime.close_all(connections, ErrorCode::Unauthorized, LOGGED_OUT_MESSAGE, now).await?;
    Ok(closed.still_opening)
}
