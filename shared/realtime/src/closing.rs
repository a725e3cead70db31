//! Closes connections.

use aws_sdk_apigatewaymanagement::{error::SdkError, operation::delete_connection::DeleteConnectionError};
use jiff::Timestamp;
use model::{Error, ErrorCode, LoginId, Room, UserId};
use protocol::{Event, OutgoingFrame, event::ErrorEvent};
use store::realtime::connections::{self, Connection};
use uuid::Uuid;

use crate::{
    RealtimeHub,
    connection_post::{PostOutcome, is_opening, post_error},
};

/// The message to a connection whose log-in has ended.
pub const LOGGED_OUT_MESSAGE: &str = "this log-in has ended";

impl RealtimeHub {
    /// Posts a fatal `error` event with the reason and closes the connection. API Gateway lets a server choose no close code.
    ///
    /// The connection has left its rooms when this returns. A connection that is not open yet stays, because a post to it fails.
    /// Its owner receives `ConnectionOpened` with `RetryAfterOpening` and finds the same reason then.
    pub async fn close_with_reason(
        &self,
        connection: &Connection,
        code: ErrorCode,
        message: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        let event = Event::Error(ErrorEvent {
            code: code.socket(),
            message: message.into(),
            fatal: true,
            fields: Vec::new(),
            reference: None,
            retry_after: None,
        });
        let frame = OutgoingFrame::to_connection(connection.identity.session(), event, now).to_json()?;
        match self.post(&connection.id, &frame).await? {
            PostOutcome::Delivered => self.disconnect(&connection.id).await?,
            PostOutcome::Gone if is_opening(connection, now) => {
                return self.report_unreachable(&connection.id, true, now).await;
            }
            PostOutcome::Gone => {}
        }
        connections::leave_rooms(&self.store, connection).await?;
        // API Gateway calls `$disconnect` too, but not always.
        self.report_unreachable(&connection.id, false, now).await
    }

    /// Closes all of these connections. Tries each, and returns the first failure.
    pub async fn close_all(
        &self,
        connections: impl IntoIterator<Item = Connection>,
        code: ErrorCode,
        message: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut outcome = Ok(());
        for connection in connections {
            let closed = self.close_with_reason(&connection, code, message, now).await;
            outcome = outcome.and(closed);
        }
        outcome
    }

    /// Closes every connection of one holder in a room.
    pub async fn close_holder(
        &self,
        room: Room,
        holder: Uuid,
        code: ErrorCode,
        message: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        let held = connections::list_by_holder(&self.store, room, holder, now).await?;
        self.close_all(held, code, message, now).await
    }

    /// Closes the connections of an account that depend on a log-in for which `has_ended` is true.
    pub async fn close_logins(
        &self,
        user: UserId,
        has_ended: impl Fn(LoginId) -> bool,
        now: Timestamp,
    ) -> Result<(), Error> {
        let all = connections::list_in_room(&self.store, Room::User(user), now).await?;
        let ended = all
            .into_iter()
            .filter(|connection| connection.identity.account_login().is_some_and(|by| has_ended(by.login)));
        self.close_all(ended, ErrorCode::Unauthorized, LOGGED_OUT_MESSAGE, now).await
    }

    /// Closes a connection if it is open. Its rows stay.
    pub async fn disconnect(&self, connection: &str) -> Result<(), Error> {
        match self.client.delete_connection().connection_id(connection).send().await {
            Ok(_) => Ok(()),
            Err(SdkError::ServiceError(error))
                if matches!(error.err(), DeleteConnectionError::GoneException(_)) =>
            {
                Ok(())
            }
            Err(error) => Err(post_error(error)),
        }
    }
}
