//! Closes connections whose log-in has ended.

use jiff::Timestamp;
use model::{AccountLogin, Error, ErrorCode};
use realtime::closing::LOGGED_OUT_MESSAGE;
use store::{identity::log_ins, realtime::connections::Connection};

use crate::App;

/// Closes a connection whose log-in has ended, and returns whether it had. The function that ended the log-in could not post to
/// a connection that was still opening. 1 read unit.
pub async fn close_if_logged_out(app: &App, connection: &Connection, now: Timestamp) -> Result<bool, Error> {
    let Some(AccountLogin { user, login }) = connection.identity.account_login() else {
        return Ok(false);
    };
    if log_ins::get_strong(&app.store, user, login, now).await?.is_some() {
        return Ok(false);
    }
    app.realtime.close_with_reason(connection, ErrorCode::Unauthorized, LOGGED_OUT_MESSAGE, now).await?;
    Ok(true)
}
