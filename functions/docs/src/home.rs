use axum::{Json, extract::State};
use entry::App;
use http::header;
use serde::Serialize;
use utoipa::ToSchema;

/// The name of the product and its URLs.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HomeResponse {
    #[schema(example = "Colloquy")]
    name: &'static str,
    /// Same as `name`.
    message: &'static str,
    version: &'static str,
    /// Swagger UI, to try requests. The URLs of documents are absent if the deployment does not show them.
    #[serde(skip_serializing_if = "Option::is_none")]
    docs: Option<String>,
    /// The reference of requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    redoc: Option<String>,
    /// The reference of the socket's events.
    #[serde(skip_serializing_if = "Option::is_none")]
    events: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    openapi: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    asyncapi: Option<String>,
    health: String,
    ready: String,
    /// The URL for sockets. `POST /v1/realtime/tickets` returns it with a ticket.
    socket: String,
}

/// Get the URLs of the API
///
/// Returns the name and the version of the product, and the URLs of its documents and of the socket.
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
