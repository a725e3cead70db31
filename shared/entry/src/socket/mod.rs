//! WebSocket events. Answers are posted to the connection, because API Gateway does not deliver a returned body.
//!
//! A refused message gets an `error` event, and the connection stays open. An error that closes the connection is
//! `fatal`.

mod connection_cache;
mod ended_login;
mod frame_rate;

use std::{
    future::Future,
    panic::AssertUnwindSafe,
    sync::Arc,
    time::{Duration, Instant},
};

use aws_lambda_events::apigw::ApiGatewayWebsocketProxyRequest;
use futures::FutureExt;
use http::StatusCode;
use model::{AccountLogin, ConnectionIdentity, Error};
use protocol::{Event, IncomingFrame, OutgoingFrame, SocketCommand, event::ErrorEvent};
use queue::with_request_id;
use realtime::{closing::LOGGED_OUT_MESSAGE, connection_post::PostOutcome};
use serde_json::{Value, json};
use store::{identity::log_ins, realtime::connections::Connection};
use tracing::{Instrument, Span, field::Empty};

use crate::{App, LambdaFunction};

pub use connection_cache::ConnectionCache;
pub use ended_login::close_if_logged_out;
pub use frame_rate::FrameRate;
use frame_rate::FrameVerdict;

/// A handshake.
#[derive(Debug)]
pub struct SocketHandshake {
    pub connection: String,
    /// The time of the connection in milliseconds since 1970, by the clock of API Gateway.
    pub connected_at: i64,
    pub source_ip: String,
    pub origin: Option<String>,
    /// The `Authorization` header of a client that can set it.
    pub authorization: Option<String>,
    pub query: std::collections::HashMap<String, String>,
}

/// A message of a known connection.
#[derive(Debug)]
pub struct SocketMessage<C> {
    pub connection: Connection,
    pub command: C,
    /// The time at which the gateway received the message, in milliseconds since 1970.
    pub received: i64,
    /// The `ref` of the message, which its answers carry.
    pub reference: Option<Value>,
}

/// The handler of a domain's socket events.
pub trait SocketHandler: Send + Sync + 'static {
    /// The messages that this function accepts.
    type Command: SocketCommand;

    /// The number of frames that this function accepts from one connection.
    const FRAME_RATE: FrameRate = FrameRate::PERSON;

    /// Accepts or refuses a new connection. Only `socket-connections` implements it.
    fn connect(&self, handshake: SocketHandshake) -> impl Future<Output = Result<(), Error>> + Send {
        let _ = handshake;
        async { Err(Error::NotFound("this route")) }
    }

    /// Handles the end of a connection. API Gateway does not guarantee this event.
    fn disconnect(&self, connection: String) -> impl Future<Output = Result<(), Error>> + Send {
        let _ = connection;
        async { Ok(()) }
    }

    /// Handles a message.
    fn message(
        &self,
        message: SocketMessage<Self::Command>,
    ) -> impl Future<Output = Result<(), Error>> + Send;
}

/// Makes the function of a domain's socket.
pub fn function(app: App, cache: ConnectionCache, socket: impl SocketHandler) -> LambdaFunction {
    let shared = Arc::new((app, cache, socket));
    LambdaFunction::new(move |event, _context| {
        let shared = shared.clone();
        async move {
            let (app, cache, socket) = &*shared;
            let event: ApiGatewayWebsocketProxyRequest = serde_json::from_value(event)?;
            let started = Instant::now();
            let context = &event.request_context;
            let request_id = context.request_id.clone().unwrap_or_default();
            let route = context.route_key.clone().unwrap_or_default();
            let span = tracing::info_span!(
                "message",
                request_id,
                route,
                connection = context.connection_id.as_deref().unwrap_or_default(),
                user = Empty,
                session = Empty,
            );
            // boxed, because the layers around it move it, and an unoptimised build needs a megabyte of stack for that
            let handling = Box::pin(handle_event(app, cache, socket, event));
            let handling = with_request_id(Some(request_id), handling);
            let handling = AssertUnwindSafe(handling).catch_unwind().instrument(span.clone());
            let (status, cost) = store::dynamodb::cost::measure(handling).await;
            let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let _entered = span.enter();
            tracing::info!(
                route,
                status = status.as_u16(),
                duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
                table_requests = cost.requests,
                read_units = cost.read_units,
                write_units = cost.write_units,
                "handled"
            );
            Ok(json!({ "statusCode": status.as_u16() }))
        }
    })
}

async fn handle_event<S: SocketHandler>(
    app: &App,
    cache: &ConnectionCache,
    socket: &S,
    event: ApiGatewayWebsocketProxyRequest,
) -> StatusCode {
    let context = &event.request_context;
    let id = context.connection_id.clone().unwrap_or_default();
    match context.event_type.as_deref() {
        Some("CONNECT") => {
            let header = |name: &str| Some(event.headers.get(name)?.to_str().ok()?.to_owned());
            let handshake = SocketHandshake {
                connection: id,
                connected_at: context.connected_at,
                source_ip: context.identity.source_ip.clone().unwrap_or_default(),
                origin: header("origin"),
                authorization: header("authorization"),
                query: event
                    .query_string_parameters
                    .iter()
                    .map(|(name, value)| (name.to_owned(), value.to_owned()))
                    .collect(),
            };
            socket.connect(handshake).await.map_or_else(|error| rejection_status(&error), |()| StatusCode::OK)
        }
        Some("DISCONNECT") => match socket.disconnect(id).await {
            Ok(()) => StatusCode::OK,
            Err(error) => rejection_status(&error),
        },
        _ => {
            let received = context.request_time_epoch;
            let body = event.body.as_deref().unwrap_or_default();
            match handle_message(app, cache, socket, &id, received, body).await {
                Ok(()) => StatusCode::OK,
                Err((error, reference)) => send_error_event(app, &id, &error, reference).await,
            }
        }
    }
}

/// Returns the status of a refused handshake.
fn rejection_status(error: &Error) -> StatusCode {
    match error {
        Error::Unauthenticated(_) => StatusCode::UNAUTHORIZED,
        Error::Forbidden(..) => StatusCode::FORBIDDEN,
        Error::NotFound(_) => StatusCode::NOT_FOUND,
        Error::Malformed(_) | Error::UnknownMessageType | Error::Invalid(_) | Error::InvalidContent(_) => {
            StatusCode::BAD_REQUEST
        }
        Error::Conflict(..) => StatusCode::CONFLICT,
        Error::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
        Error::RateLimited { .. } => StatusCode::TOO_MANY_REQUESTS,
        Error::Unavailable { service, source } => {
            tracing::warn!(service, error = %source, "a dependency failed");
            StatusCode::SERVICE_UNAVAILABLE
        }
        Error::Internal(source) => {
            tracing::error!(error = %source, debug = ?source, "internal error");
            StatusCode::INTERNAL_SERVER_ERROR
        }
    }
}

async fn handle_message<S: SocketHandler>(
    app: &App,
    cache: &ConnectionCache,
    socket: &S,
    id: &str,
    received: i64,
    body: &str,
) -> Result<(), (Error, Option<Value>)> {
    let connection = cache.get_or_read(app, id).await.map_err(|error| (error, None))?;
    record_identity(&connection.identity);
    match cache.take_frame(id, S::FRAME_RATE, app.clock.now()) {
        FrameVerdict::Pass => {}
        FrameVerdict::Refuse => {
            return Err((Error::RateLimited { retry_after: Duration::from_secs(1) }, None));
        }
        FrameVerdict::Drop => return Ok(()),
    }
    require_login(app, &connection).await.map_err(|error| (error, None))?;
    let incoming = IncomingFrame::parse(body).map_err(|error| (error, None))?;
    let reference = incoming.reference.clone();
    let handled = async {
        let command = S::Command::parse(&incoming).ok_or(Error::UnknownMessageType)??;
        let message = SocketMessage { connection, command, received, reference: reference.clone() };
        socket.message(message).await
    };
    handled.await.map_err(|error| (error, reference))
}

/// Checks that the log-in of a connection is valid. An instance remembers the connection longer than that, and the function that
/// ended the log-in may not have closed the socket yet. 0.5 read units, as for an HTTP request. A guest has no log-in.
async fn require_login(app: &App, connection: &Connection) -> Result<(), Error> {
    let Some(AccountLogin { user, login }) = connection.identity.account_login() else { return Ok(()) };
    let found = log_ins::get(&app.store, user, login, app.clock.now()).await?;
    found.map(drop).ok_or(Error::Unauthenticated(LOGGED_OUT_MESSAGE))
}

/// Adds the user and the session of a connection to the span of its message.
pub fn record_identity(identity: &ConnectionIdentity) {
    let span = Span::current();
    if let Some(by) = identity.account_login() {
        span.record("user", by.user.to_string());
    }
    if let Some(session) = identity.session() {
        span.record("session", session.to_string());
    }
}

/// Maps an error to an `error` event and posts it.
async fn send_error_event(app: &App, id: &str, error: &Error, reference: Option<Value>) -> StatusCode {
    match error {
        Error::Internal(source) => tracing::error!(error = %source, debug = ?source, "internal error"),
        Error::Unavailable { service, source } => {
            tracing::warn!(service, error = %source, "a dependency failed");
        }
        _ => {}
    }
    let fatal = matches!(error, Error::Unauthenticated(_));
    let event = Event::Error(ErrorEvent {
        code: error.code().socket(),
        message: error.to_string(),
        fatal,
        fields: error.fields().to_vec(),
        reference,
        retry_after: match error {
            Error::RateLimited { retry_after } => Some(retry_after.as_secs().max(1)),
            _ => None,
        },
    });
    let sent = match OutgoingFrame::to_connection(None, event, app.clock.now()).to_json() {
        Ok(frame) => app.realtime.post(id, &frame).await,
        Err(error) => Err(error),
    };
    match sent {
        Ok(PostOutcome::Delivered) if fatal => {
            // the client has received the error; if this fails too, its next frame is refused again
            if let Err(error) = app.realtime.disconnect(id).await {
                tracing::warn!(%error, "a refused connection could not be closed");
            }
        }
        Ok(_) => {}
        Err(error) => tracing::warn!(%error, "an error could not be posted"),
    }
    StatusCode::OK
}
