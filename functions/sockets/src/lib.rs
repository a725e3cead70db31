//! Sockets: tickets, connections, and fan-out to large rooms.
//!
//! | request | file |
//! | --- | --- |
//! | `POST /v1/realtime/tickets` | [`ticket`] |
//!
//! | socket event | file |
//! | --- | --- |
//! | `$connect` | [`connect`] |
//! | `$disconnect`, `ping`, `subscribe`, `$default` | [`connections`](mod@connections) |
//!
//! | job | file |
//! | --- | --- |
//! | `broadcast_frame` | [`realtime::publish`] |
//! | `connection_unreachable` | `worker/connection_unreachable.rs` |
//! | `connections_ended` | `worker/connections_ended.rs` |
//! | `account_changed`, `session_end_requested` | `worker/forward.rs` |
//!
//! This crate is the platform's part of the socket. It opens and closes connections and knows which area owns each. What follows
//! from that is up to the area (`lifecycle.rs`).
//!
//! Tickets have a function of their own, because a client of every area needs a ticket before it opens a socket.

pub mod connect;
pub mod connections;
mod heartbeat;
mod lifecycle;
pub mod ticket;
pub mod worker;

use std::sync::Mutex;

use entry::{App, Environment, FunctionDependency, LambdaFunction, StartError, socket::ConnectionCache};
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(ticket::create_ticket))
}

pub fn openapi() -> utoipa::openapi::OpenApi {
    router().into_openapi()
}

/// Starts the function `api-sockets`.
pub async fn api(environment: Environment) -> Result<LambdaFunction, StartError> {
    let app = App::start(&environment, &[]).await?;
    Ok(entry::http::function(&app, router().split_for_parts().0.with_state(app.clone())))
}

/// Starts the function `socket-connections`.
pub async fn connections(environment: Environment) -> Result<LambdaFunction, StartError> {
    let app = App::start(&environment, FunctionDependency::REALTIME).await?;
    let connection_cache = ConnectionCache::default();
    let socket = connections::ConnectionSocket {
        app: app.clone(),
        connection_cache: connection_cache.clone(),
        heartbeat_throttle: heartbeat::HeartbeatThrottle::default(),
        refused_joins: Mutex::default(),
    };
    Ok(entry::socket::function(app, connection_cache, socket))
}

/// Starts the function `worker-broadcast`.
pub async fn broadcast(environment: Environment) -> Result<LambdaFunction, StartError> {
    let app = App::start(&environment, FunctionDependency::REALTIME).await?;
    Ok(entry::worker::function(app, worker::jobs()))
}
