//! The claims of a token.

use serde::{Deserialize, Serialize};

/// The claims of every kind, with those of one kind beside them.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct TokenClaims<T> {
    pub(super) iss: String,
    pub(super) aud: String,
    pub(super) typ: String,
    pub(super) iat: i64,
    pub(super) nbf: i64,
    pub(super) exp: i64,
    #[serde(flatten)]
    pub(super) subject: T,
}
