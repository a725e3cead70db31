//! Sockets: who may open one, who is on one, and telling large rooms.
//!
//! | request | file |
//! | --- | --- |
//! | `POST /v1/realtime/tickets` | [`ticket`] |
//!
//! | socket event | file |
//! | --- | --- |
//! | `$connect` | [`connect`] |
//! | `$disconnect`, `ping`, `subscribe`, `$default` | [`connections`], `heard` |
//!
//! | job | file |
//! | --- | --- |
//! | `broadcast` | [`broadcast`](fn@broadcast) |
//!
//! Tickets have a door of their own, which the picture in DESIGN lacks: whoever opens a socket needs one whatever the
//! subject, so no subject's API is their place.

pub mod connect;
pub mod connections;
mod heard;
pub mod ticket;

use entry::{App, Environment, FunctionDependency, LambdaFunction, StartError, socket::ConnectionCache};
use protocol::job::BroadcastFrame;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(ticket::create_ticket))
}

pub fn openapi() -> utoipa::openapi::OpenApi {
    router().into_openapi()
}

/// `api-sockets`
pub async fn api(environment: Environment) -> Result<LambdaFunction, StartError> {
    let app = App::start(&environment, &[]).await?;
    Ok(entry::http::function(&app, router().split_for_parts().0.with_state(app.clone())))
}

/// `socket-connections`
pub async fn connections(environment: Environment) -> Result<LambdaFunction, StartError> {
    let app = App::start(&environment, FunctionDependency::REALTIME).await?;
    let known = ConnectionCache::default();
    let socket = connections::ConnectionSocket {
        app: app.clone(),
        connection_cache: known.clone(),
        heartbeat_throttle: heard::HeartbeatThrottle::default(),
    };
    Ok(entry::socket::function(app, known, socket))
}

/// `worker-broadcast`: tells a shard of a large room. Told twice is harmless: events carry state.
pub async fn broadcast(environment: Environment) -> Result<LambdaFunction, StartError> {
    let app = App::start(&environment, &[FunctionDependency::Sockets]).await?;
    Ok(entry::worker::function(app, |app, delivery| async move {
        let job: BroadcastFrame = delivery.decode().ok_or_else(|| delivery.unknown_job_error())??;
        app.realtime.run_broadcast(&job, app.clock.now()).await
    }))
}
