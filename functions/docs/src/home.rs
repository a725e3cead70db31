use std::sync::LazyLock;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use entry::{App, http::accepts_html};
use http::{HeaderMap, header};
use serde::Serialize;
use utoipa::ToSchema;

use crate::html_page::HtmlPage;

static PAGE: LazyLock<HtmlPage> = LazyLock::new(|| {
    HtmlPage::compose("Live talks and teams", include_str!("home_page.html"), include_str!("home_page.js"))
});

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
/// Returns the name and the version of the product, and the URLs of its documents and of the socket. A browser gets a
/// page with links to them.
#[utoipa::path(get, path = "/", tag = "docs", operation_id = "home", responses((status = 200, body = HomeResponse)))]
pub(crate) async fn home(State(app): State<App>, headers: HeaderMap) -> Response {
    let vary = [(header::VARY, "accept")];
    if accepts_html(&headers) {
        return (vary, &*PAGE).into_response();
    }
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
    (vary, [(header::CACHE_CONTROL, "public, max-age=300")], Json(home)).into_response()
}
