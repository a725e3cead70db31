//! `/v1/auth/…`

pub(crate) mod email_verification;
pub(crate) mod email_verification_confirm;
pub(crate) mod email_verification_link;
pub(crate) mod login;
pub(crate) mod login_sessions;
pub(crate) mod logout;
pub(crate) mod password;
pub(crate) mod password_reset;
pub(crate) mod password_reset_confirm;
pub(crate) mod refresh;
pub(crate) mod register;

use serde::Serialize;
use utoipa::ToSchema;

/// The confirmation that an operation was done.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConfirmationResponse {
    /// A sentence for people. It may change.
    pub(crate) message: &'static str,
}
