//! Setting a new password with the token of a password reset.

use std::time::Duration;

use axum::{Json, extract::State};
use entry::{
    App,
    http::{ApiError, ApiResult, ErrorBody, RequestSource, ValidJson},
};
use garde::Validate;
use http::StatusCode;
use model::{ErrorCode, user};
use serde::Deserialize;
use store::{
    RateLimit, WriteOutcome,
    identity::{
        login_revocations::LoginRevocation,
        password_resets::{self, PasswordReset},
        users::{self, PasswordHash, User},
    },
    platform::rate_limits,
    retry_conflict,
};
use utoipa::ToSchema;

use super::{
    ConfirmationResponse,
    password::{finish_password_change, personal_words},
};
use crate::{login_lifecycle, password_hash};

/// Wrong tokens from one network. Tokens cannot be guessed. The limit only reduces useless traffic.
const NETWORK_RATE_LIMIT: RateLimit =
    RateLimit { name: "reset_token_from", max_attempts: 50, window: Duration::from_hours(1) };

/// The token of a password reset and the new password.
#[derive(Deserialize, Validate, ToSchema)]
pub(crate) struct ConfirmPasswordResetRequest {
    /// The `token` of the link in the mail.
    #[garde(length(max = 200))]
    #[schema(max_length = 200)]
    token: String,
    /// 8 to 128 characters that are not easy to guess.
    #[garde(length(chars, min = *user::PASSWORD_LENGTH.start(), max = *user::PASSWORD_LENGTH.end()))]
    #[schema(format = Password, min_length = 8, max_length = 128)]
    new_password: String,
}

/// Set a new password with a reset token
///
/// Replaces the password of the account that requested the reset and ends all its login sessions. The token was mailed, so the
/// e-mail address is verified afterwards. A refused password does not use up the token.
#[utoipa::path(
    post,
    path = "/v1/auth/password-reset/confirm",
    tag = "identity",
    operation_id = "confirm_password_reset",
    request_body = ConfirmPasswordResetRequest,
    responses(
        (status = 200, description = "The password was changed.", body = ConfirmationResponse),
        (
            status = 400,
            description = "`INVALID_TOKEN`: the token is unknown, used or expired. Also if the body is not valid JSON.",
            body = ErrorBody
        ),
        (
            status = 422,
            description = "The new password is too short, too long or easy to guess.",
            body = ErrorBody
        ),
        (
            status = 429,
            description = "Too many wrong tokens from this network. Retry after `Retry-After` seconds.",
            body = ErrorBody
        ),
    ),
    security(())
)]
pub(crate) async fn confirm_password_reset(
    State(app): State<App>,
    source: RequestSource,
    ValidJson(input): ValidJson<ConfirmPasswordResetRequest>,
) -> ApiResult<Json<ConfirmationResponse>> {
    let network = source.network_key();
    rate_limits::check_attempts(&app.store, NETWORK_RATE_LIMIT, &network, app.clock.now())
        .await?
        .require_allowed()?;
    let Some((_, user)) = find_reset(&app, &input.token).await? else {
        rate_limits::count_attempt(&app.store, NETWORK_RATE_LIMIT, &network, app.clock.now())
            .await?
            .require_allowed()?;
        return Err(invalid_token_error());
    };
    let new =
        password_hash::hash_new_password("new_password", &input.new_password, &personal_words(&user)).await?;
    let revocation = retry_conflict("the account", || redeem(&app, &input.token, &new)).await?;
    finish_password_change(&app, &user, &revocation).await?;
    Ok(Json(ConfirmationResponse { message: "The password is changed; every log-in has ended." }))
}

/// Spends the token and sets the password. The condition fails if the account was changed concurrently, and not if the token was
/// spent.
async fn redeem(app: &App, token: &str, new: &PasswordHash) -> ApiResult<WriteOutcome<LoginRevocation>> {
    let (reset, user) = find_reset(app, token).await?.ok_or_else(invalid_token_error)?;
    let revocation = login_lifecycle::new_revocation(app, &user, None);
    let redeemed =
        password_resets::redeem(&app.store, &reset, &user, new, &revocation, app.clock.now()).await?;
    Ok(redeemed.map(|()| revocation))
}

/// Returns the reset and its account if the token is valid. A token from before the last change of the password is not.
async fn find_reset(app: &App, token: &str) -> ApiResult<Option<(PasswordReset, User)>> {
    let now = app.clock.now();
    let Some(reset) = password_resets::get(&app.store, token, now).await? else { return Ok(None) };
    let user = users::get_strong(&app.store, reset.user, now).await?;
    let user = user.filter(|user| user.is_active(now) && user.credentials_changed_at <= reset.created_at);
    Ok(user.map(|user| (reset, user)))
}

fn invalid_token_error() -> ApiError {
    let why = "the token is unknown, used or expired: request another mail";
    ApiError::Http(StatusCode::BAD_REQUEST, ErrorCode::InvalidToken, why.into())
}
