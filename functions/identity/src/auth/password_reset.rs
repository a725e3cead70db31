//! Requests of a mail with a link that sets a new password. The response, its time and the requests of the table and
//! the queue are the same whether the account exists or not (RELIABILITY 3).

use std::time::Duration;

use axum::{Json, extract::State};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use entry::{
    App,
    http::{ApiResult, ErrorBody, RequestSource, ValidJson, enforce_rate_limits},
};
use garde::Validate;
use model::{Error, UserId, rate_limit::RateLimitOutcome, user::EmailAddress};
use protocol::job::{EmailTemplate, MailRecipient, SendMail};
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
use crate::{fields, password_attempts};

const RATE_LIMIT_WINDOW: Duration = Duration::from_hours(1);
/// More mails than these do not help. The limit is silent, because a 429 would reveal earlier requests.
const ACCOUNT_RATE_LIMIT: RateLimit = RateLimit { name: "reset", max_attempts: 3, window: RATE_LIMIT_WINDOW };
const NETWORK_RATE_LIMIT: RateLimit =
    RateLimit { name: "reset_from", max_attempts: 20, window: RATE_LIMIT_WINDOW };

/// The address of the account whose password was forgotten.
#[derive(Deserialize, Validate, ToSchema)]
pub(crate) struct PasswordResetRequest {
    #[garde(custom(fields::email))]
    #[schema(format = Email, example = "ana@example.com")]
    email: String,
}

/// Request a password reset
///
/// Sends a mail with a link that sets a new password. The link works once, within an hour. The response does not reveal
/// whether the account exists. Also at `/v1/auth/forgot-password`.
#[utoipa::path(
    post,
    path = "/v1/auth/password-reset",
    tag = "identity",
    operation_id = "request_password_reset",
    request_body = PasswordResetRequest,
    responses(
        (
            status = 200,
            description = "The request was accepted. The response is the same for every address.",
            body = ConfirmationResponse
        ),
        (status = 422, description = "`email` is not an e-mail address.", body = ErrorBody),
        (
            status = 429,
            description = "Too many requests from this network. Retry after `Retry-After` seconds.",
            body = ErrorBody
        ),
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
        &password_attempts::account_key(email.as_str()),
        app.clock.now(),
    )
    .await?
    {
        RateLimitOutcome::Allowed => send_if_registered(&app, &email).await?,
        RateLimitOutcome::Exceeded { .. } => tracing::info!("too many password resets of one address"),
    }
    Ok(Json(ConfirmationResponse {
        message: "If there is an account with this address, a mail is on its way.",
    }))
}

/// Sends the mail to an active account. For any other address it does the same with an unknown account, to which
/// `worker-mail` sends nothing.
async fn send_if_registered(app: &App, email: &EmailAddress) -> Result<(), Error> {
    let now = app.clock.now();
    let nobody = UserId::from(Uuid::nil());
    let claimed = users::id_by_email(&app.store, email, now).await?.unwrap_or(nobody);
    let user = users::get(&app.store, claimed, now).await?.filter(|user| user.is_active(now));
    send_reset_email(app, user.map_or(nobody, |user| user.id)).await
}

/// Sends an account a mail with a token that sets a new password.
pub(crate) async fn send_reset_email(app: &App, user: UserId) -> Result<(), Error> {
    let now = app.clock.now();
    let token = BASE64_URL_SAFE_NO_PAD.encode(rand::rng().random::<[u8; 32]>());
    password_resets::create(&app.store, &token, user, now).await?;
    let id = app.clock.new_id::<Uuid>().to_string();
    let to = MailRecipient::User(user);
    app.queues.send(&SendMail { id, to, template: EmailTemplate::PasswordReset { token } }, now).await
}
