//! Asks for a mail that lets one set a new password. The answer, its time and what the table and the queue are asked
//! for are the same whether there is such an account or not (RELIABILITY 3).

use std::time::Duration;

use axum::{Json, extract::State};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use entry::{
    App,
    http::{ApiResult, ErrorBody, RequestSource, ValidJson, enforce_rate_limits},
};
use garde::Validate;
use model::{Error, UserId, rate_limit::RateLimitOutcome, user::EmailAddress};
use protocol::job::{EmailTemplate, SendMail};
use rand::RngExt;
use serde::Deserialize;
use store::{
    RateLimit,
    identity::{password_resets, users},
    platform::rate_limits,
};
use utoipa::ToSchema;
use uuid::Uuid;

use super::ConfirmationResponse;
use crate::{attempts, fields};

const RATE_LIMIT_WINDOW: Duration = Duration::from_hours(1);
/// More mails than this help nobody. Silent: a 429 would tell who asked before.
const ACCOUNT_RATE_LIMIT: RateLimit = RateLimit { name: "reset", max_attempts: 3, window: RATE_LIMIT_WINDOW };
const NETWORK_RATE_LIMIT: RateLimit =
    RateLimit { name: "reset_from", max_attempts: 20, window: RATE_LIMIT_WINDOW };

#[derive(Deserialize, Validate, ToSchema)]
pub(crate) struct PasswordResetRequest {
    #[garde(custom(fields::email))]
    #[schema(format = Email, example = "ana@example.com")]
    email: String,
}

#[utoipa::path(
    post,
    path = "/v1/auth/password-reset",
    tag = "identity",
    operation_id = "request_password_reset",
    summary = "Ask for a mail that lets one set a new password",
    description = "Also at `/v1/auth/forgot-password`. The link in the mail is good once, for an hour.",
    request_body = PasswordResetRequest,
    responses(
        (status = 200, description = "Always the same", body = ConfirmationResponse),
        (status = 400, description = "Not JSON", body = ErrorBody),
        (status = 413, description = "Too large", body = ErrorBody),
        (status = 415, description = "Not `application/json`", body = ErrorBody),
        (status = 422, description = "Not an address", body = ErrorBody),
        (status = 429, description = "Too many requests from this network", body = ErrorBody),
        (status = 503, description = "A dependency failed", body = ErrorBody),
    ),
    security(())
)]
pub(crate) async fn request_password_reset(
    State(app): State<App>,
    source: RequestSource,
    ValidJson(input): ValidJson<PasswordResetRequest>,
) -> ApiResult<Json<ConfirmationResponse>> {
    enforce_rate_limits(&app, &[(NETWORK_RATE_LIMIT, &source.network_key())]).await?;
    let email = fields::parse_field("email", &input.email, EmailAddress::parse)?;
    match rate_limits::count_attempt(
        &app.store,
        ACCOUNT_RATE_LIMIT,
        &attempts::unknown_account_key(email.as_str()),
        app.clock.now(),
    )
    .await?
    {
        RateLimitOutcome::Allowed => send_if_registered(&app, &email).await?,
        RateLimitOutcome::Exceeded { .. } => tracing::info!("a reset was asked for too often"),
    }
    Ok(Json(ConfirmationResponse {
        message: "If there is an account with this address, a mail is on its way.",
    }))
}

/// For an address without an active account, the same for nobody: `worker-mail` finds nobody to write to.
async fn send_if_registered(app: &App, email: &EmailAddress) -> Result<(), Error> {
    let now = app.clock.now();
    let nobody = UserId::from(Uuid::nil());
    let claimed = users::id_by_email(&app.store, email, now).await?.unwrap_or(nobody);
    let user = users::get(&app.store, claimed, now).await?.filter(|user| user.is_active(now));
    send_reset_email(app, user.map_or(nobody, |user| user.id)).await
}

/// Mails an account a token that sets a new password.
pub(crate) async fn send_reset_email(app: &App, user: UserId) -> Result<(), Error> {
    let now = app.clock.now();
    let token = BASE64_URL_SAFE_NO_PAD.encode(rand::rng().random::<[u8; 32]>());
    password_resets::create(&app.store, &token, user, now).await?;
    let id = app.clock.new_id::<Uuid>().to_string();
    app.queues.send(&SendMail { id, user, template: EmailTemplate::PasswordReset { token } }, now).await
}
