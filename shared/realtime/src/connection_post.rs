//! Posts one frame to one connection.

use std::time::Duration;

use aws_sdk_apigatewaymanagement::{
    config::http::HttpResponse,
    error::{DisplayErrorContext, SdkError},
    operation::post_to_connection::PostToConnectionError,
    primitives::Blob,
};
use jiff::{SignedDuration, Timestamp};
use model::Error;
use protocol::{Event, OutgoingFrame, job::ConnectionUnreachable};
use store::realtime::connections::Connection;

use crate::RealtimeHub;

/// A connection has its row before its `$connect` returns, and takes posts only after that. For this long after the handshake, a
/// connection to which a post answers 410 may still open.
pub const OPENING_PERIOD: SignedDuration = SignedDuration::from_secs(5);

/// Whether a connection to which a post at this time answered 410 may still open.
pub fn is_opening(connection: &Connection, posted_at: Timestamp) -> bool {
    posted_at < connection.connected_at + OPENING_PERIOD
}

/// The outcome of a post.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum PostOutcome {
    Delivered,
    /// The connection is closed, or not open yet.
    Gone,
}

impl RealtimeHub {
    /// Posts a frame. Billed by 32 KB.
    ///
    /// # Errors
    /// `Unavailable` if API Gateway fails after the retries of the SDK. `Internal` if it refuses the frame (no permission, too
    /// large), because it would refuse the same frame again.
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

    /// Posts an event to one connection. Reports a connection that is gone.
    pub async fn send_event(
        &self,
        connection: &Connection,
        event: Event,
        now: Timestamp,
    ) -> Result<PostOutcome, Error> {
        let frame = OutgoingFrame::to_connection(connection.identity.session(), event, now).to_json()?;
        let outcome = self.post(&connection.id, &frame).await?;
        if outcome == PostOutcome::Gone {
            // It sent the message that this event answers, so it was open.
            self.report_unreachable(&connection.id, false, now).await?;
        }
        Ok(outcome)
    }

    /// Posts an event to a connection that may not be open yet. Waits until it opens, at most [`OPENING_PERIOD`] after its
    /// handshake, and reports a connection that is gone.
    ///
    /// Calls `event` again for every attempt, because what is published meanwhile does not reach the connection. Returns the
    /// value that came with the delivered event, or `None`.
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
            let (event, value) = event().await?;
            let frame =
                OutgoingFrame::to_connection(connection.identity.session(), event, clock()).to_json()?;
            if self.post(&connection.id, &frame).await? == PostOutcome::Delivered {
                return Ok(Some(value));
            }
            if !is_opening(connection, clock()) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20 << attempt.min(5))).await;
        }
        self.report_unreachable(&connection.id, false, clock()).await?;
        Ok(None)
    }

    /// Has `worker-broadcast` find out what became of a connection that cannot be reached.
    pub(crate) async fn report_unreachable(
        &self,
        connection: &str,
        is_opening: bool,
        now: Timestamp,
    ) -> Result<(), Error> {
        self.queues.send(&ConnectionUnreachable { connection: connection.into(), is_opening }, now).await
    }
}

pub(crate) fn post_error<E: std::error::Error + 'static>(error: SdkError<E, HttpResponse>) -> Error {
    let status = error.raw_response().map(HttpResponse::status);
    let is_refused =
        status.is_some_and(|status| status.is_client_error() && ![408, 429].contains(&status.as_u16()));
    let text = DisplayErrorContext(error).to_string();
    if is_refused { Error::internal(text) } else { Error::unavailable("the socket", text) }
}
