//! Accounts: registration, login sessions, passwords, profiles and the operations of admins.
//!
//! | method and path | file |
//! | --- | --- |
//! | `POST /v1/auth/register`, `/v1/auth/signup` | `auth::register` |
//! | `POST /v1/auth/login`, `/v1/auth/login/json` | `auth::login` |
//! | `POST /v1/auth/refresh` | `auth::refresh` |
//! | `POST /v1/auth/logout` | `auth::logout` |
//! | `POST /v1/auth/password`, `/v1/auth/me/password`, `/v1/auth/change-password` | `auth::password` |
//! | `POST /v1/auth/password-reset`, `/v1/auth/forgot-password` | `auth::password_reset` |
//! | `POST /v1/auth/password-reset/confirm` | `auth::password_reset_confirm` |
//! | `POST /v1/auth/email-verification` | `auth::email_verification` |
//! | `POST /v1/auth/email-verification/confirm` | `auth::email_verification_confirm` |
//! | `POST /v1/auth/email-verification/link` | `auth::email_verification_link` |
//! | `GET /v1/auth/sessions` | `auth::login_sessions::list` |
//! | `DELETE /v1/auth/sessions`, `/v1/auth/sessions/{id}` | `auth::login_sessions::end` |
//! | `GET /v1/users/me`, `/v1/auth/me` | `users::me` |
//! | `PATCH /v1/users/me`, `/v1/auth/me`; `PUT /v1/users/{id}` | `users::update` |
//! | `DELETE /v1/users/me` | `users::delete` |
//! | `GET /v1/users/me/usage`, `/v1/speakers/me/usage` | `users::usage` |
//! | `GET /v1/users` | `users::list` |
//! | `GET /v1/users/search/{query}` | `users::search` |
//! | `GET /v1/users/{id}` | `users::get` |
//! | `POST /v1/invitations` | `invitations::create` |
//! | `GET /v1/invitations` | `invitations::list` |
//! | `DELETE /v1/invitations/{id}` | `invitations::delete` |
//! | `GET /.well-known/jwks.json` | `jwks` |
//! | `/v1/admin/…` | `admin`, the Lambda function `api-admin` |
//!
//! Shared by several operations:
//!
//! | file | what |
//! | --- | --- |
//! | `chat_sync` | jobs that keep the chat's copy of an account current |
//! | `email_verification` | proving that an address belongs to the owner of an account |
//! | `fields` | the rules of `model::user` as validation of input |
//! | `login_lifecycle` | beginning login sessions, ending them with their sockets |
//! | `mailed_token` | tokens of links in mails |
//! | `password_attempts` | limits on wrong passwords |
//! | `password_hash` | hashing and verifying passwords, refusing passwords that are easy to guess |
//! | `profile` | an account as its owner sees it, and as other users see it |
//! | `save_error` | the errors of an account that could not be saved, such as `LAST_ADMIN` |
//! | `sign_up_policy` | who may register, from the settings |
//! | `token_pair` | the two tokens of a login session, in the body and as cookies |

mod admin;
mod auth;
mod chat_sync;
mod email_verification;
mod fields;
mod invitations;
mod jwks;
mod login_lifecycle;
mod mailed_token;
mod password_attempts;
mod password_hash;
mod profile;
mod save_error;
mod sign_up_policy;
mod token_pair;
mod users;

use std::sync::Arc;

use axum::{
    Extension,
    routing::{get, patch, post},
};
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
        .routes(routes!(auth::email_verification::request_email_verification))
        .routes(routes!(auth::email_verification_confirm::confirm_email_code))
        .routes(routes!(auth::email_verification_link::confirm_email_link))
        .routes(routes!(auth::login_sessions::list::list_logins, auth::login_sessions::end::end_other_logins))
        .routes(routes!(auth::login_sessions::end::end_login))
        .routes(routes!(users::me::get_me, users::update::update_me, users::delete::delete_me))
        .routes(routes!(users::usage::get_usage))
        .routes(routes!(users::list::list_users))
        .routes(routes!(users::search::search_users))
        .routes(routes!(users::get::get_user, users::update::update_user))
        .routes(routes!(invitations::create::create_invitation, invitations::list::list_invitations))
        .routes(routes!(invitations::delete::delete_invitation))
        .routes(routes!(jwks::jwks))
        .merge(aliases())
}

/// Paths of the originals for the same operations. The `OpenAPI` document lists each operation once, without them.
fn aliases() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .route("/v1/auth/signup", post(auth::register::register))
        .route("/v1/auth/login/json", post(auth::login::log_in))
        .route("/v1/auth/forgot-password", post(auth::password_reset::request_password_reset))
        .route("/v1/auth/change-password", post(auth::password::change_password))
        .route("/v1/auth/me/password", post(auth::password::change_password))
        // API Gateway drops an empty path parameter and calls this path.
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

/// Starts the Lambda function `api-admin`.
///
/// # Errors
/// `StartError` if the environment is incomplete.
pub async fn admin_api(environment: Environment) -> Result<LambdaFunction, StartError> {
    admin::api(environment).await
}

/// Starts the Lambda function `api-identity`.
///
/// # Errors
/// `StartError` if the environment is incomplete.
pub async fn api(environment: Environment) -> Result<LambdaFunction, StartError> {
    let app = App::start(&environment, &[]).await?;
    let policy = Arc::new(sign_up_policy::from_environment(&environment)?);
    let router = router().split_for_parts().0.layer(Extension(policy));
    Ok(entry::http::function(&app, router.with_state(app.clone())))
}
