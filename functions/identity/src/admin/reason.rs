//! The reason that an admin gives for an operation.

use garde::Validate;
use model::text;
use serde::Deserialize;
use utoipa::ToSchema;

/// The reason for an operation. The audit log stores it.
#[derive(Debug, Deserialize, Validate, ToSchema)]
pub(crate) struct ReasonRequest {
    /// A text for the audit log. A deactivation also sends it to the account's open sockets.
    #[garde(length(chars, max = 500), inner(custom(text::lines)))]
    #[serde(default, deserialize_with = "text::normalized")]
    #[schema(max_length = 500)]
    pub(crate) reason: Option<String>,
}
