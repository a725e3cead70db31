//! `/v1/auth/…`

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

/// An answer that only says that something was done.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConfirmationResponse {
    pub(crate) message: &'static str,
}
