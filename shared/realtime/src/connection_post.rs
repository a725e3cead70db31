//! One frame to one connection.

use std::time::Duration;

use aws_sdk_apigatewaymanagement::{
    config::http::HttpResponse,
    error::{DisplayErrorContext, SdkError},
    operation::{delete_connection::DeleteConnectionError, post_to_connection::PostToConnectionError},
    primitives::Blob,
};
use jiff::{SignedDuration, Timestamp};
use model::{Error, ErrorCode};
use protocol::{Event, OutgoingFrame, event::ErrorEvent};
use store::realtime::connections::Connection;

use crate::{RealtimeHub, presence::SessionStateReason};

/// A connection has its row before its `$connect` returns, and only then takes posts: for this long after it was asked for,
/// one that is gone may be one that is yet to come.
pub const OPENING_PERIOD: SignedDuration = SignedDuration::from_secs(5);

/// Whether somebody was there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum PostOutcome {
    Delivered,
    /// The connection is gone, or not open yet.
    Gone,
}

impl RealtimeHub {
    /// Posts a frame. Billed by 32 KB.
    ///
    /// # Errors
    /// `Unavailable` where API Gateway failed after the SDK's retries; `Internal` where it refuses (no permission, too
    /// large): the same frame would be refused again.
    pub async fn post(&self, connection: &str, frame: &str) -> Result<PostOutcome, Error> {
        let sent = self
            .client
            .post_to_connection()
            .connection_id(connection)
            .data(Blob::new(frame.as_bytes()))
            .send()
            .await;
        match sent {
            Ok(_) => Ok(PostOutcome::Delivered),
            Err(SdkError::ServiceError(error))
                if matches!(error.err(), PostToConnectionError::GoneException(_)) =>
            {
                Ok(PostOutcome::Gone)
            }
            Err(error) => Err(post_error(error)),
        }
    }

    /// An event to one connection; forgets the connection if nobody is there.
    pub async fn send_event(
        &self,
        connection: &Connection,
        event: Event,
        now: Timestamp,
    ) -> Result<PostOutcome, Error> {
        let frame = OutgoingFrame::to_connection(connection.identity.session(), event, now).to_json()?;
        let delivery = self.post(&connection.id, &frame).await?;
        if delivery == PostOutcome::Gone {
            self.handle_disconnect(connection, now).await?;
        }
        Ok(delivery)
    }

    /// An event to a connection that may not be open yet, which is waited for; forgets one that is gone. What is told is asked
    /// for anew for every try, as what is published meanwhile does not reach it. Says what came with the event, or `None` where
    /// nobody was there.
    pub async fn send_event_when_open<T, F>(
        &self,
        connection: &Connection,
        clock: impl Fn() -> Timestamp,
        event: impl Fn() -> F,
    ) -> Result<Option<T>, Error>
    where
        F: Future<Output = Result<(Event, T), Error>>,
    {
        for attempt in 0.. {
            let (event, beside) = event().await?;
            let frame =
                OutgoingFrame::to_connection(connection.identity.session(), event, clock()).to_json()?;
            if self.post(&connection.id, &frame).await? == PostOutcome::Delivered {
                return Ok(Some(beside));
            }
            if clock() >= connection.connected_at + OPENING_PERIOD {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20 << attempt.min(5))).await;
        }
        self.handle_disconnect(connection, clock()).await?;
        Ok(None)
    }

    /// Closes a connection after saying why: a server cannot choose a close code on API Gateway.
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
            // not open yet: its greeting finds the same reason, when it is
            PostOutcome::Gone if now < connection.connected_at + OPENING_PERIOD => {
                return self
                    .enqueue_connection_state(connection, SessionStateReason::RetryAfterOpening, now)
                    .await;
            }
            PostOutcome::Gone => {}
        }
        self.handle_disconnect(connection, now).await
    }

    /// Closes a connection, if it is open.
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

fn post_error<E: std::error::Error + 'static>(error: SdkError<E, HttpResponse>) -> Error {
    let status = error.raw_response().map(HttpResponse::status);
    let refused =
        status.is_some_and(|status| status.is_client_error() && ![408, 429].contains(&status.as_u16()));
    let text = DisplayErrorContext(error).to_string();
    if refused { Error::internal(text) } else { Error::unavailable("the socket", text) }
}
