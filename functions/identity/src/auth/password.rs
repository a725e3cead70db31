//! Changing the password with the current one.

use axum::{Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, ValidJson},
    log_ins::end_revoked_logins,
};
use garde::Validate;
use model::{
    Error,
    user::{self, Username},
};
use protocol::job::{EmailTemplate, MailRecipient, SendMail};
use serde::Deserialize;
use store::{
    WriteOutcome,
    identity::{
        login_revocations::LoginRevocation,
        users::{self, User, UserSaveOutcome},
    },
};
use utoipa::ToSchema;
use uuid::Uuid;

use super::ConfirmationResponse;
use crate::{login_lifecycle, password_attempts, password_hash, save_error::from_save_outcome};

/// The current password and the new one.
#[derive(Deserialize, Validate, ToSchema)]
pub(crate) struct ChangePasswordRequest {
    #[garde(length(max = 1000))]
    #[schema(format = Password, max_length = 1000)]
    current_password: String,
    /// 8 to 128 characters that are not easy to guess.
    #[garde(length(chars, min = *user::PASSWORD_LENGTH.start(), max = *user::PASSWORD_LENGTH.end()))]
    #[schema(format = Password, min_length = 8, max_length = 128)]
    new_password: String,
}

/// Change my password
///
/// Replaces the caller's password and ends every other login session of the account. A mail notifies the owner, if the address
/// is verified. Also at
/// `/v1/auth/me/password` and `/v1/auth/change-password`.
#[utoipa::path(
    post,
    path = "/v1/auth/password",
    tag = "identity",
    operation_id = "change_password",
    request_body = ChangePasswordRequest,
    responses(
        (status = 200, description = "The password was changed.", body = ConfirmationResponse),
        (status = 401, body = ErrorBody),
        (status = 409, description = "`CONFLICT`: the account was changed at the same time.", body = ErrorBody),
        (
            status = 422,
            description = "The current password is wrong, or the new one is too short, too long or easy to guess.",
            body = ErrorBody
        ),
        (
            status = 429,
            description = "Too many wrong passwords. Retry after `Retry-After` seconds.",
            body = ErrorBody
        ),
    )
)]
pub(crate) async fn change_password(
    State(app): State<App>,
    account: AccountCaller,
    ValidJson(input): ValidJson<ChangePasswordRequest>,
) -> ApiResult<Json<ConfirmationResponse>> {
    let now = app.clock.now();
    let user = users::get_strong(&app.store, account.user, now).await?;
    let user = user
        .filter(|user| user.is_active(now))
        .ok_or(Error::Unauthenticated("the account is disabled or deleted"))?;
    password_attempts::confirm_password(&app, account, &user, "current_password", &input.current_password)
        .await?;
    let new =
        password_hash::hash_new_password("new_password", &input.new_password, &personal_words(&user)).await?;
    let revocation = login_lifecycle::new_revocation(&app, &user, Some(account.login));
    if users::change_password(&app.store, &user, &new, &revocation, app.clock.now()).await?
        == WriteOutcome::ConditionFailed
    {
        return Err(from_save_outcome(UserSaveOutcome::VersionConflict).into());
    }
    finish_password_change(&app, &user, &revocation).await?;
    Ok(Json(ConfirmationResponse { message: "The password is changed; every other log-in has ended." }))
}

/// Returns the words of an account that its password must not consist of.
pub(crate) fn personal_words(user: &User) -> [&str; 4] {
    [
        user.email.as_ref().map_or("", |email| email.as_str()),
        user.email.as_ref().map_or("", |email| email.local_part()),
        &user.name,
        user.username.as_ref().map_or("", Username::as_str),
    ]
}

/// Ends the login sessions of the old password and sends the mail that notifies the owner of a verified address. The change stands
/// even if the mail cannot be queued.
pub(crate) async fn finish_password_change(
    app: &App,
    user: &User,
    revocation: &LoginRevocation,
) -> Result<(), Error> {
    end_revoked_logins(app, revocation).await?;
    tracing::info!(user.id = %user.id, "password changed");
    let mail = SendMail {
        id: app.clock.new_id::<Uuid>().to_string(),
        to: MailRecipient::User(user.id),
        template: EmailTemplate::PasswordChanged,
    };
    if let Err(error) = app.queues.send(&mail, app.clock.now()).await {
        tracing::error!(user.id = %user.id, error = ?error, "no mail notifies the owner of a changed password");
    }
    Ok(())
}
