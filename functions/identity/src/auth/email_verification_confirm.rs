//! Verifying the caller's address with the code of a mail.

use axum::{Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, ValidJson},
};
use garde::Validate;
use model::text;
use serde::Deserialize;
use store::identity::users;
use utoipa::ToSchema;

use super::{ConfirmationResponse, email_verification::VERIFIED};
use crate::{email_verification::confirm_code, users::me::ACCOUNT_GONE};

/// The code of the newest mail.
#[derive(Deserialize, Validate, ToSchema)]
pub(crate) struct ConfirmEmailCodeRequest {
    /// Six digits. Spaces are ignored.
    #[garde(length(max = 20), custom(text::line))]
    #[schema(max_length = 20, example = "482913")]
    code: String,
}

/// Verify my e-mail address with a code
///
/// Verifies the address of the caller's account with the code of the newest mail. The code is valid for 15 minutes and 5 tries. A
/// repeated confirmation succeeds too.
#[utoipa::path(
    post,
    path = "/v1/auth/email-verification/confirm",
    tag = "identity",
    operation_id = "confirm_email_code",
    request_body = ConfirmEmailCodeRequest,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, description = "The address is verified.", body = ConfirmationResponse),
        (
            status = 400,
            description = "`INVALID_TOKEN`: the code is wrong or expired, or 5 codes were tried. Also if the body is not valid JSON.",
            body = ErrorBody
        ),
        (status = 401, body = ErrorBody),
        (status = 422, body = ErrorBody),
    )
)]
pub(crate) async fn confirm_email_code(
    State(app): State<App>,
    account: AccountCaller,
    ValidJson(input): ValidJson<ConfirmEmailCodeRequest>,
) -> ApiResult<Json<ConfirmationResponse>> {
    let now = app.clock.now();
    let user = users::get_strong(&app.store, account.user, now).await?;
    let user = user.filter(|user| user.is_active(now)).ok_or(ACCOUNT_GONE)?;
    if user.verified_email().is_none() {
        let code: String = input.code.split_whitespace().collect();
        confirm_code(&app, &user, &code).await.map_err(|error| error.into_api_error("code"))?;
    }
    Ok(Json(VERIFIED))
}
