//! Verifying an address with the link of a mail. The page `/verify` sends the token, after the reader has pressed its button. A `GET`
//! does not, because mail scanners open links before their readers do.

use std::time::Duration;

use axum::{Json, extract::State};
use entry::{
    App,
    http::{ApiResult, ErrorBody, RequestSource, ValidJson},
};
use garde::Validate;
use serde::Deserialize;
use store::{RateLimit, platform::rate_limits};
use utoipa::ToSchema;

use super::{ConfirmationResponse, email_verification::VERIFIED};
use crate::email_verification::{ConfirmError, confirm_link};

/// Wrong tokens from one network. Tokens cannot be guessed. The limit only reduces useless traffic.
const NETWORK_RATE_LIMIT: RateLimit =
    RateLimit { name: "verify_token_from", max_attempts: 50, window: Duration::from_hours(1) };

/// The token of the link in a mail.
#[derive(Deserialize, Validate, ToSchema)]
pub(crate) struct ConfirmEmailLinkRequest {
    /// The `token` of the link in the newest mail.
    #[garde(length(max = 200))]
    #[schema(max_length = 200)]
    token: String,
}

/// Verify an e-mail address with a link
///
/// Verifies the address to which the link was mailed. The caller need not be logged in, because the link may open on another device. The
/// token is valid for 15 minutes. A repeated confirmation succeeds too.
#[utoipa::path(
    post,
    path = "/v1/auth/email-verification/link",
    tag = "identity",
    operation_id = "confirm_email_link",
    request_body = ConfirmEmailLinkRequest,
    responses(
        (status = 200, description = "The address is verified.", body = ConfirmationResponse),
        (
            status = 400,
            description = "`INVALID_TOKEN`: the token is unknown or expired, or the account has another address now. Also if the \
                body is not valid JSON.",
            body = ErrorBody
        ),
        (status = 422, body = ErrorBody),
        (
            status = 429,
            description = "Too many wrong tokens from this network. Retry after `Retry-After` seconds.",
            body = ErrorBody
        ),
    ),
    security(())
)]
pub(crate) async fn confirm_email_link(
    State(app): State<App>,
    source: RequestSource,
    ValidJson(input): ValidJson<ConfirmEmailLinkRequest>,
) -> ApiResult<Json<ConfirmationResponse>> {
    let now = app.clock.now();
    let network = source.network_key();
    rate_limits::check_attempts(&app.store, NETWORK_RATE_LIMIT, &network, now).await?.require_allowed()?;
    match confirm_link(&app, &input.token).await {
        Ok(()) => Ok(Json(VERIFIED)),
        Err(ConfirmError::Failed(error)) => Err(error.into()),
        Err(refused) => {
            let counted = rate_limits::count_attempt(&app.store, NETWORK_RATE_LIMIT, &network, now).await?;
            counted.require_allowed()?;
            Err(refused.into_api_error("link"))
        }
    }
}
