//! The documents of the API, their pages and the health of the deployment. API Gateway sends every path without a route
//! to this function, so it also answers unknown paths with 404.
//!
//! | method and path | file |
//! | --- | --- |
//! | `GET /` | `home` |
//! | `GET /health`, `/v1/health` | `health` |
//! | `GET /ready`, `/v1/ready` | `ready` |
//! | `GET /openapi.json` | `openapi_document` |
//! | `GET /asyncapi.json` | `asyncapi` |
//! | `GET /docs`, `/docs/{file}`: Swagger UI, to try requests | `pages` |
//! | `GET /redoc`, `/redoc/events`, `/redoc/{file}`: `ReDoc`, to read | `redoc` |
//! | `GET /reset`: the link in the mail of a password reset | `reset_password_page` |
//! | `GET /verify`: the link in the mail that proves an address | `verify_email_page` |
//! | `GET /unsubscribe`: the link in mails that their recipient can turn off | `unsubscribe_page` |
//! | `GET /invitation`: the link in an invitation | `invitation_page` |
//! | `GET /sign-in`: where a page that needs an account sends a visitor without one | `sign_in_page` |
//!
//! Without `SHOW_DOCS`, the documents and their pages return 404.
//!
//! [`assemble_document`] merges the documents of all functions into one, which is committed as `infra/openapi.json`.

mod assemble;
mod asyncapi;
mod health;
mod home;
mod html_page;
mod invitation_page;
mod openapi_document;
mod pages;
mod ready;
mod redoc;
mod reset_password_page;
mod sign_in_page;
mod unsubscribe_page;
mod verify_email_page;

use axum::{Extension, routing::get};
use entry::{App, Environment, LambdaFunction, StartError};
use utoipa_axum::{router::OpenApiRouter, routes};

pub use assemble::assemble_document;
use asyncapi::AsyncApiDocument;
use openapi_document::OpenApiDocument;

/// The version of the product.
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
        .route("/sign-in", get(sign_in_page::get_sign_in_page))
        .route("/invitation", get(invitation_page::get_invitation_page))
        .route("/verify", get(verify_email_page::get_verify_email_page))
        .route("/unsubscribe", get(unsubscribe_page::get_unsubscribe_page))
}

/// The routes that `SHOW_DOCS` enables.
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

/// Starts the Lambda function `api-docs`.
///
/// # Errors
/// `StartError` if the environment is incomplete.
pub async fn api(environment: Environment) -> Result<LambdaFunction, StartError> {
    let app = App::start(&environment, &[]).await?;
    // The documents are made only if they are served, so that the function starts faster.
    let router = if app.settings.show_docs {
        let document = Extension(OpenApiDocument::for_public_url(&app.settings.public_url)?);
        let messages = Extension(AsyncApiDocument::for_socket_url(&app.settings.socket_url));
        router().split_for_parts().0.layer(document).layer(messages)
    } else {
        always_served().split_for_parts().0
    };
    Ok(entry::http::function(&app, router.with_state(app.clone())))
}
