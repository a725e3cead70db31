//! Requests of another mail that proves the address of the caller's account.

use std::time::Duration;

use axum::{Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, RequestSource, enforce_rate_limits},
};
use store::{RateLimit, identity::users};

use super::ConfirmationResponse;
use crate::{email_verification::send_verification, users::me::ACCOUNT_GONE};

/// Accounts of one network that request mails again.
const NETWORK_RATE_LIMIT: RateLimit =
    RateLimit { name: "verify_from", max_attempts: 100, window: Duration::from_hours(1) };

pub(crate) const VERIFIED: ConfirmationResponse =
    ConfirmationResponse { message: "Your e-mail address is verified." };

/// Request a verification of my e-mail address
///
/// Sends a mail with a code and a link to the address of the account. They are valid for 15 minutes, and those of earlier mails become
/// invalid. Registering and changing the address send this mail too. An account whose address is not verified works, but gets no other
/// mail than this one and that of a password reset. Does nothing if the address is verified.
#[utoipa::path(
    post,
    path = "/v1/auth/email-verification",
    tag = "identity",
    operation_id = "request_email_verification",
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, description = "The mail is on its way, or the address is verified.", body = ConfirmationResponse),
        (status = 401, body = ErrorBody),
        (
            status = 429,
            description = "Too many mails to this address, or of this account or network. Retry after `Retry-After` seconds.",
            body = ErrorBody
        ),
    )
)]
pub(crate) async fn request_email_verification(
    State(app): State<App>,
    account: AccountCaller,
    source: RequestSource,
) -> ApiResult<Json<ConfirmationResponse>> {
    let now = app.clock.now();
    let user = users::get_strong(&app.store, account.user, now).await?;
    let user = user.filter(|user| user.is_active(now)).ok_or(ACCOUNT_GONE)?;
    let email = user.email.as_ref().ok_or(ACCOUNT_GONE)?;
    if user.verified_email().is_some() {
        return Ok(Json(VERIFIED));
    }
    enforce_rate_limits(&app, &[(NETWORK_RATE_LIMIT, &source.network_key())]).await?;
    send_verification(&app, user.id, email).await?.require_allowed()?;
    Ok(Json(ConfirmationResponse { message: "A mail with a code and a link is on its way." }))
}
