//! What this is, whether it works, and how to talk to it. The API sends here whatever no other subject has a route for,
//! so this is also the 404 of an unknown path.
//!
//! | method and path | file |
//! | --- | --- |
//! | `GET /` | [`home`] |
//! | `GET /health`, `/v1/health` | [`health`] |
//! | `GET /ready`, `/v1/ready` | [`ready`] |
//! | `GET /openapi.json` | [`document`] |
//! | `GET /docs`, `/docs/{file}`; `/redoc` leads there | [`pages`] |
//! | `GET /reset`, the link in the mail of a password reset | [`reset`] |
//!
//! [`assemble`] makes the one document of all subjects, which `infra/openapi.json` is.

mod assemble;
mod document;
mod health;
mod home;
mod pages;
mod ready;
mod reset;

use axum::{Extension, response::Redirect, routing::get};
use entry::{App, Door, Environment, StartError};
use utoipa_axum::{router::OpenApiRouter, routes};

pub use assemble::assemble;
use document::Document;

/// Of the whole product.
const VERSION: &str = env!("CARGO_PKG_VERSION");

pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(home::home))
        .routes(routes!(health::health))
        .routes(routes!(ready::ready))
        .routes(routes!(document::document))
        .route("/v1/health", get(health::health))
        .route("/v1/ready", get(ready::ready))
        .route("/docs", get(pages::index))
        .route("/docs/{*file}", get(pages::file))
        .route("/reset", get(reset::page))
        .route("/redoc", get(async || Redirect::permanent("/docs")))
}

pub fn openapi() -> utoipa::openapi::OpenApi {
    router().into_openapi()
}

/// `api-docs`.
#[expect(clippy::unused_async, reason = "every door is opened the same way")]
pub async fn api(environment: Environment) -> Result<Door, StartError> {
    let app = App::start(&environment)?;
    let document = Document::of(&app.settings.public_url)?;
    let router = router().split_for_parts().0.layer(Extension(document));
    Ok(entry::http::door(&app, router.with_state(app.clone())))
}
