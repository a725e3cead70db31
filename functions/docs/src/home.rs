use axum::{Json, extract::State};
use entry::App;
use http::header;
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Home {
    #[schema(example = "Colloquy")]
    name: &'static str,
    /// The same as `name`, as clients of the originals read it.
    message: &'static str,
    version: &'static str,
    docs: String,
    openapi: String,
    health: String,
    ready: String,
    /// Where sockets connect; `POST /v1/realtime/tickets` gives the whole URL.
    socket: String,
}

/// What this is
#[utoipa::path(get, path = "/", tag = "docs", operation_id = "home", responses((status = 200, body = Home)))]
pub(crate) async fn home(State(app): State<App>) -> ([(header::HeaderName, &'static str); 1], Json<Home>) {
    let at = |path: &str| format!("{}{path}", app.settings.public_url);
    let home = Home {
        name: "Colloquy",
        message: "Colloquy",
        version: crate::VERSION,
        docs: at("/docs"),
        openapi: at("/openapi.json"),
        health: at("/health"),
        ready: at("/ready"),
        socket: app.settings.socket_url.clone(),
    };
    ([(header::CACHE_CONTROL, "public, max-age=300")], Json(home))
}
