//! Closes connections.

use std::collections::BTreeMap;

use aws_sdk_apigatewaymanagement::{error::SdkError, operation::delete_connection::DeleteConnectionError};
use futures::{StreamExt, stream};
use jiff::Timestamp;
use model::{Error, ErrorCode, LoginId, Room, UserId};
use protocol::{Event, OutgoingFrame, event::ErrorEvent, job::ConnectionsEnded};
use store::realtime::connections::{self, Connection};
use uuid::Uuid;

use crate::{
    RealtimeHub,
    connection_post::{PostOutcome, is_opening, post_error},
};

/// The message to a connection whose log-in has ended.
pub const LOGGED_OUT_MESSAGE: &str = "this log-in has ended";

/// Connections that are closed concurrently. 900 of them are closed in a second at 10 ms a call, and a function has far more sockets
/// of its own than this.
const MAX_CONCURRENT_CLOSINGS: usize = 32;

/// What [`RealtimeHub::close_all`] did not close.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClosingSummary {
    /// Connections that were not open yet. Their owners receive `ConnectionOpened` with `RetryAfterOpening`, and close them.
    pub still_opening: usize,
}

enum ClosingOutcome {
    Closed,
    StillOpening,
}

/// Returns the frame of a fatal `error` event, with the reason why a connection closes.
fn fatal_frame(
    connection: &Connection,
    code: ErrorCode,
    message: &str,
    now: Timestamp,
) -> Result<String, Error> {
    let event = Event::Error(ErrorEvent {
        code: code.socket(),
        message: message.into(),
        fatal: true,
        fields: Vec::new(),
        reference: None,
        retry_after: None,
    });
    OutgoingFrame::to_connection(connection.identity.session(), event, now).to_json()
}

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
        let frame = fatal_frame(connection, code, message, now)?;
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

    /// Closes connections concurrently, and reports one departure for each holder. Tries each connection, and returns the first
    /// failure after that. Otherwise returns how many were not open yet.
    ///
    /// The row of a connection is deleted before its socket closes, so that `$disconnect` finds no row and reports no departure of its
    /// own. Its room row goes last. After a crash, or if a service failed, the room still lists what is not closed. The departure may
    /// be lost then, so a caller that must not lose it has it sent again.
    pub async fn close_all(
        &self,
        connections: impl IntoIterator<Item = Connection>,
        code: ErrorCode,
        message: &str,
        now: Timestamp,
    ) -> Result<ClosingSummary, Error> {
        let closing: Vec<_> = connections
            .into_iter()
            .map(|connection| async move {
                // boxed, because the futures of hundreds of SDK calls are large
                let outcome = Box::pin(self.close_one(&connection, code, message, now)).await;
                (connection, outcome)
            })
            .collect();
        let outcomes: Vec<_> =
            stream::iter(closing).buffer_unordered(MAX_CONCURRENT_CLOSINGS).collect().await;
        let mut departures: BTreeMap<_, ConnectionsEnded> = BTreeMap::new();
        let (mut summary, mut failure) = (ClosingSummary::default(), None);
        for (connection, outcome) in outcomes {
            match outcome {
                Ok(ClosingOutcome::Closed) => {
                    let Connection { id, identity, .. } = connection;
                    let key = (identity.holder_id(), identity.session());
                    let ended = ConnectionsEnded { connections: Vec::new(), identity };
                    departures.entry(key).or_insert(ended).connections.push(id);
                }
                Ok(ClosingOutcome::StillOpening) => summary.still_opening += 1,
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        for ended in departures.values() {
            self.queues.send(ended, now).await?;
        }
        failure.map_or(Ok(summary), Err)
    }

    async fn close_one(
        &self,
        connection: &Connection,
        code: ErrorCode,
        message: &str,
        now: Timestamp,
    ) -> Result<ClosingOutcome, Error> {
        let frame = fatal_frame(connection, code, message, now)?;
        let posted = self.post(&connection.id, &frame).await?;
        if posted == PostOutcome::Gone && is_opening(connection, now) {
            self.report_unreachable(&connection.id, true, now).await?;
            return Ok(ClosingOutcome::StillOpening);
        }
        connections::delete_row(&self.store, &connection.id).await?;
        if posted == PostOutcome::Delivered {
            self.disconnect(&connection.id).await?;
        }
        connections::leave_rooms(&self.store, connection).await?;
        Ok(ClosingOutcome::Closed)
    }

    /// Closes every connection of one holder in a room, as [`close_all`](Self::close_all) does.
    pub async fn close_holder(
        &self,
        room: Room,
        holder: Uuid,
        code: ErrorCode,
        message: &str,
        now: Timestamp,
    ) -> Result<ClosingSummary, Error> {
        let held = connections::list_by_holder(&self.store, room, holder, now).await?;
        self.close_all(held, code, message, now).await
    }

    /// Closes the connections of an account that depend on a log-in for which `has_ended` is true.
    pub async fn close_logins(
        &self,
        user: UserId,
        has_ended: impl Fn(LoginId) -> bool,
        now: Timestamp,
    ) -> Result<ClosingSummary, Error> {
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
