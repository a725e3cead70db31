//! Proving that an e-mail address belongs to the owner of an account, by a code or a link in a mail to the address.
//!
//! A verification belongs to one address. The mail goes to that address and not to the address that the account has when it is sent,
//! because otherwise an account could be changed in between, get the code of a stranger's address at its own, and be changed back.

use std::time::Duration;

use entry::App;
use http::StatusCode;
use model::{ErrorCode, UserId, rate_limit::RateLimitOutcome, user::EmailAddress};
use protocol::job::{EmailTemplate, MailRecipient, SendMail};
use rand::RngExt;
use store::{
    RateLimit, WriteOutcome,
    identity::{
        email_verifications::{self, EmailVerification, VERIFICATION_LIFETIME},
        users::{self, User},
    },
    platform::rate_limits,
};
use uuid::Uuid;

use crate::{mailed_token, password_attempts};

const RATE_LIMIT_WINDOW: Duration = Duration::from_hours(1);
/// An account that changes its address again and again must not mail one stranger after the other.
const ACCOUNT_RATE_LIMIT: RateLimit =
    RateLimit { name: "verify", max_attempts: 5, window: RATE_LIMIT_WINDOW };
/// Several accounts must not mail one stranger again and again.
const ADDRESS_RATE_LIMIT: RateLimit =
    RateLimit { name: "verify_to", max_attempts: 5, window: RATE_LIMIT_WINDOW };

/// The purpose of the keyed hash.
const CODE: &str = "email_code";

/// Sends the mail that proves the address of an account, unless too many were sent. The codes of earlier mails are invalid afterwards.
pub(crate) async fn send_verification(
    app: &App,
    user: UserId,
    email: &EmailAddress,
) -> Result<RateLimitOutcome, model::Error> {
    let now = app.clock.now();
    let address = password_attempts::account_key(email.as_str());
    for (limit, name) in [(ACCOUNT_RATE_LIMIT, user.to_string()), (ADDRESS_RATE_LIMIT, address)] {
        let outcome = rate_limits::count_attempt(&app.store, limit, &name, now).await?;
        if outcome != RateLimitOutcome::Allowed {
            return Ok(outcome);
        }
    }
    let id: Uuid = app.clock.new_id();
    // A function without the signing secret cannot hide a short code. Its mail has only the link, and the owner can request a code.
    let can_hide = app.tokens.has_signing_secret();
    let code = can_hide.then(|| format!("{:06}", rand::rng().random_range(0..1_000_000_u32)));
    let code_hash = match &code {
        Some(code) => Some(app.tokens.keyed_hash(CODE, &salted(id, code))?),
        None => None,
    };
    let token = mailed_token::new(user.uuid());
    let verification = EmailVerification {
        user,
        id,
        email: email.clone(),
        code_hash,
        token_hash: mailed_token::hash(&token),
        attempts: 0,
        expires_at: now + VERIFICATION_LIFETIME,
    };
    email_verifications::put(&app.store, &verification).await?;
    let mail = SendMail {
        id: app.clock.new_id::<Uuid>().to_string(),
        to: MailRecipient::Address(email.clone()),
        template: EmailTemplate::EmailVerification { code, token },
    };
    app.queues.send(&mail, now).await?;
    Ok(RateLimitOutcome::Allowed)
}

/// Sends the mail after a sign-up or a change of the address, which stand also if this fails. The owner can request the mail again.
pub(crate) async fn try_send_verification(app: &App, user: &User) {
    let Some(email) = user.email.as_ref().filter(|_| user.email_verified_at.is_none()) else { return };
    match send_verification(app, user.id, email).await {
        Ok(RateLimitOutcome::Allowed) => {}
        Ok(RateLimitOutcome::Exceeded { .. }) => {
            tracing::info!(user.id = %user.id, "too many verifications, no mail is sent");
        }
        Err(error) => {
            tracing::warn!(user.id = %user.id, error = ?error, "the mail that proves an address was not sent");
        }
    }
}

/// Sends the mails that follow a change of the address: the proof to the new one, and a notice to the old one if that was verified. The
/// notice is for an owner whose account another person has taken over.
pub(crate) async fn try_send_change_mails(app: &App, before: &User, after: &User) {
    if before.email == after.email {
        return;
    }
    if let Some(old) = before.verified_email() {
        let notice = SendMail {
            // A repeated request finds the address changed, so each change has its own notice.
            id: format!("email_changed#{}#{}", after.id, after.version),
            to: MailRecipient::Address(old.clone()),
            template: EmailTemplate::EmailChanged,
        };
        if let Err(error) = app.queues.send(&notice, app.clock.now()).await {
            tracing::error!(user.id = %after.id, error = ?error, "no mail notifies the owner of a changed address");
        }
    }
    try_send_verification(app, after).await;
}

/// Verifies the address of an account with the code of the newest mail.
///
/// # Errors
/// `INVALID_TOKEN` if the code is wrong or expired, or if no try is left.
pub(crate) async fn confirm_code(app: &App, user: &User, code: &str) -> Result<(), ConfirmError> {
    let now = app.clock.now();
    let found = email_verifications::get(&app.store, user.id, now).await?;
    let Some(verification) = found.filter(|found| Some(&found.email) == user.email.as_ref()) else {
        return Err(ConfirmError::Invalid);
    };
    if email_verifications::count_attempt(&app.store, &verification).await? == WriteOutcome::ConditionFailed {
        return Err(ConfirmError::NoTryLeft);
    }
    let matches = |hash: &String| app.tokens.matches_keyed_hash(CODE, &salted(verification.id, code), hash);
    if !verification.code_hash.as_ref().is_some_and(matches) {
        return Err(ConfirmError::Invalid);
    }
    mark_verified(app, &verification).await
}

/// Verifies the address to which the token of a link was mailed.
///
/// # Errors
/// `INVALID_TOKEN` if the token is unknown or expired, or if the account has another address now.
pub(crate) async fn confirm_link(app: &App, token: &str) -> Result<(), ConfirmError> {
    let now = app.clock.now();
    let user = mailed_token::id(token).map(UserId::from).ok_or(ConfirmError::Invalid)?;
    let found = email_verifications::get(&app.store, user, now).await?;
    let found = found.filter(|found| mailed_token::matches(token, &found.token_hash));
    mark_verified(app, &found.ok_or(ConfirmError::Invalid)?).await
}

async fn mark_verified(app: &App, verification: &EmailVerification) -> Result<(), ConfirmError> {
    let now = app.clock.now();
    let user = users::get_strong(&app.store, verification.user, now).await?;
    if user.is_some_and(|user| user.verified_email() == Some(&verification.email)) {
        return Ok(());
    }
    let user = verification.user;
    match users::verify_email(&app.store, user, &verification.email, now).await? {
        WriteOutcome::Applied(()) => {
            tracing::info!(user.id = %user, "address verified");
            Ok(())
        }
        // the address was changed, or the account was disabled
        WriteOutcome::ConditionFailed => Err(ConfirmError::Invalid),
    }
}

/// The reason why an address was not verified.
#[derive(Debug)]
pub(crate) enum ConfirmError {
    Invalid,
    NoTryLeft,
    Failed(model::Error),
}

impl<E: Into<model::Error>> From<E> for ConfirmError {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

impl ConfirmError {
    /// Returns the error for the caller. `what` is `code` or `link`.
    pub(crate) fn into_api_error(self, what: &str) -> entry::http::ApiError {
        let message = match self {
            Self::Invalid => {
                format!("the {what} is wrong or has expired: use the newest mail, or request another one")
            }
            Self::NoTryLeft => "too many wrong codes were entered: request another mail".to_owned(),
            Self::Failed(error) => return error.into(),
        };
        entry::http::ApiError::Http(StatusCode::BAD_REQUEST, ErrorCode::InvalidToken, message)
    }
}

/// Returns a secret together with the id of its verification, so that equal codes have different hashes.
fn salted(id: Uuid, secret: &str) -> String {
    format!("{id}#{secret}")
}
