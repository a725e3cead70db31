//! Accounts: who somebody is, how they prove it, and what they say about themselves.
//!
//! | method and path | file |
//! | --- | --- |
//! | `POST /v1/auth/register`, `/v1/auth/signup` | [`auth::register`] |
//! | `POST /v1/auth/login`, `/v1/auth/login/json` | [`auth::login`] |
//! | `POST /v1/auth/refresh` | [`auth::refresh`] |
//! | `POST /v1/auth/logout` | [`auth::logout`] |
//! | `POST /v1/auth/password`, `/v1/auth/me/password`, `/v1/auth/change-password` | [`auth::password`] |
//! | `POST /v1/auth/password-reset`, `/v1/auth/forgot-password` | [`auth::password_reset`] |
//! | `POST /v1/auth/password-reset/confirm` | [`auth::password_reset_confirm`] |
//! | `GET /v1/auth/sessions` | [`auth::login_sessions::list`] |
//! | `DELETE /v1/auth/sessions`, `/v1/auth/sessions/{id}` | [`auth::login_sessions::end`] |
//! | `GET /v1/users/me`, `/v1/auth/me` | [`users::me`] |
//! | `PATCH /v1/users/me`, `/v1/auth/me`; `PUT /v1/users/{id}` | [`users::update`] |
//! | `DELETE /v1/users/me` | [`users::delete`] |
//! | `GET /v1/users/me/usage`, `/v1/speakers/me/usage` | [`users::usage`] |
//! | `GET /v1/users` | [`users::list`] |
//! | `GET /v1/users/search/{query}` | [`users::search`] |
//! | `GET /v1/users/{id}` | [`users::get`] |
//! | `GET /.well-known/jwks.json` | [`jwks`] |
//! | `/v1/admin/…` | [`admin`], by a door of its own |
//!
//! What several of them stand on:
//!
//! | file | what |
//! | --- | --- |
//! | [`attempts`] | how often a password may be guessed |
//! | [`fields`] | the rules of `model::user` as rules of input |
//! | [`log_in`] | beginning a log-in, ending log-ins and their sockets |
//! | [`pair`] | the two tokens of a log-in, in the body and as cookies |
//! | [`password_hash`] | hashing, verifying, and which passwords are too easily guessed |
//! | [`profile`] | what is shown of an account, to its owner and to others |
//! | [`team`] | what the chat has to know of an account |

mod admin;
mod auth;
mod chat_sync;
mod fields;
mod jwks;
mod login_lifecycle;
mod password_attempts;
mod password_hash;
mod profile;
mod save_error;
mod token_pair;
mod users;

use axum::routing::{get, patch, post};
use entry::{App, Environment, LambdaFunction, StartError};
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(auth::register::register))
        .routes(routes!(auth::login::log_in))
        .routes(routes!(auth::refresh::refresh))
        .routes(routes!(auth::logout::log_out))
        .routes(routes!(auth::password::change_password))
        .routes(routes!(auth::password_reset::request_password_reset))
        .routes(routes!(auth::password_reset_confirm::confirm_password_reset))
        .routes(routes!(auth::login_sessions::list::list_logins, auth::login_sessions::end::end_other_logins))
        .routes(routes!(auth::login_sessions::end::end_login))
        .routes(routes!(users::me::get_me, users::update::update_me, users::delete::delete_me))
        .routes(routes!(users::usage::get_usage))
        .routes(routes!(users::list::list_users))
        .routes(routes!(users::search::search_users))
        .routes(routes!(users::get::get_user, users::update::update_user))
        .routes(routes!(jwks::jwks))
        .merge(aliases())
}

/// Names that the originals had for the same operations. Not in the `OpenAPI` document: one operation, one entry.
fn aliases() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .route("/v1/auth/signup", post(auth::register::register))
        .route("/v1/auth/login/json", post(auth::login::log_in))
        .route("/v1/auth/forgot-password", post(auth::password_reset::request_password_reset))
        .route("/v1/auth/change-password", post(auth::password::change_password))
        .route("/v1/auth/me/password", post(auth::password::change_password))
        // API Gateway hands on a blank as nothing
        .route("/v1/users/search", get(users::search::search_users))
        .route("/v1/speakers/me/usage", get(users::usage::get_usage))
        .route("/v1/auth/me", patch(users::update::update_me).get(users::me::get_me))
}

pub fn openapi() -> utoipa::openapi::OpenApi {
    router().into_openapi()
}

pub fn admin_openapi() -> utoipa::openapi::OpenApi {
    admin::router().into_openapi()
}

/// `api-admin`.
pub async fn admin_api(environment: Environment) -> Result<LambdaFunction, StartError> {
    admin::api(environment).await
}

/// `api-identity`.
pub async fn api(environment: Environment) -> Result<LambdaFunction, StartError> {
    let app = App::start(&environment, &[]).await?;
    Ok(entry::http::function(&app, router().split_for_parts().0.with_state(app.clone())))
}
