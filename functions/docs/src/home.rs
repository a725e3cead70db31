use axum::{Json, extract::State};
use entry::App;
use http::header;
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HomeResponse {
    #[schema(example = "Colloquy")]
    name: &'static str,
    /// The same as `name`, as clients of the originals read it.
    message: &'static str,
    version: &'static str,
    /// Requests, to try. Absent, as what follows, where this deployment does not show its documents.
    #[serde(skip_serializing_if = "Option::is_none")]
    docs: Option<String>,
    /// Requests, to read.
    #[serde(skip_serializing_if = "Option::is_none")]
    redoc: Option<String>,
    /// Events of the socket, to read.
    #[serde(skip_serializing_if = "Option::is_none")]
    events: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    openapi: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    asyncapi: Option<String>,
    health: String,
    ready: String,
    /// Where sockets connect; `POST /v1/realtime/tickets` gives the whole URL.
    socket: String,
}

/// What this is
#[utoipa::path(get, path = "/", tag = "docs", operation_id = "home", responses((status = 200, body = HomeResponse)))]
pub(crate) async fn home(
    State(app): State<App>,
) -> ([(header::HeaderName, &'static str); 1], Json<HomeResponse>) {
    let at = |path: &str| format!("{}{path}", app.settings.public_url);
    let shown = |path: &str| app.settings.show_docs.then(|| at(path));
    let home = HomeResponse {
        name: "Colloquy",
        message: "Colloquy",
        version: crate::VERSION,
        docs: shown("/docs"),
        redoc: shown("/redoc"),
        events: shown("/redoc/events"),
        openapi: shown("/openapi.json"),
        asyncapi: shown("/asyncapi.json"),
        health: at("/health"),
        ready: at("/ready"),
        socket: app.settings.socket_url.clone(),
    };
    ([(header::CACHE_CONTROL, "public, max-age=300")], Json(home))
}
