//! What this is, whether it works, and how to talk to it. The API sends here whatever no other subject has a route for,
//! so this is also the 404 of an unknown path.
//!
//! | method and path | file |
//! | --- | --- |
//! | `GET /` | [`home`] |
//! | `GET /health`, `/v1/health` | [`health`] |
//! | `GET /ready`, `/v1/ready` | [`ready`] |
//! | `GET /openapi.json` | [`document`] |
//! | `GET /asyncapi.json` | [`asyncapi`] |
//! | `GET /docs`, `/docs/{file}`: to try requests | [`pages`] |
//! | `GET /redoc`, `/redoc/events`: to read; `/redoc/{file}` | [`redoc`] |
//! | `GET /reset`, the link in the mail of a password reset | [`reset`] |
//!
//! Without `SHOW_DOCS` the documents and their pages are not there.
//!
//! [`assemble`](fn@assemble) makes the one document of all subjects, which `infra/openapi.json` is.

mod assemble;
mod asyncapi;
mod health;
mod home;
mod openapi_document;
mod pages;
mod ready;
mod redoc;
mod reset_password_page;

use axum::{Extension, routing::get};
use entry::{App, Environment, LambdaFunction, StartError};
use utoipa_axum::{router::OpenApiRouter, routes};

pub use assemble::assemble_document;
use asyncapi::AsyncApiDocument;
use openapi_document::OpenApiDocument;

/// Of the whole product.
const VERSION: &str = env!("CARGO_PKG_VERSION");

pub fn router() -> OpenApiRouter<App> {
    always_served().merge(documentation_routes())
}

fn always_served() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(home::home))
        .routes(routes!(health::health))
        .routes(routes!(ready::ready))
        .route("/v1/health", get(health::health))
        .route("/v1/ready", get(ready::ready))
        .route("/reset", get(reset_password_page::get_reset_password_page))
}

/// What `SHOW_DOCS` is about.
fn documentation_routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(openapi_document::openapi))
        .routes(routes!(asyncapi::asyncapi))
        .route("/docs", get(pages::get_index))
        .route("/docs/{*file}", get(pages::get_page_file))
        .route("/redoc", get(redoc::get_redoc_page))
        .route("/redoc/events", get(redoc::get_events_page))
        .route("/redoc/{file}", get(redoc::get_redoc_file))
}

pub fn openapi() -> utoipa::openapi::OpenApi {
    router().into_openapi()
}

/// `api-docs`.
pub async fn api(environment: Environment) -> Result<LambdaFunction, StartError> {
    let app = App::start(&environment, &[]).await?;
    // made only where they are shown: a start pays for what it serves
    let router = if app.settings.show_docs {
        let document = Extension(OpenApiDocument::for_public_url(&app.settings.public_url)?);
        let messages = Extension(AsyncApiDocument::for_socket_url(&app.settings.socket_url));
        router().split_for_parts().0.layer(document).layer(messages)
    } else {
        always_served().split_for_parts().0
    };
    Ok(entry::http::function(&app, router.with_state(app.clone())))
}
