//! Join keys. A join link or QR code carries the key of its session, which proves that the client did not guess the code.
//!
//! A random value is stored with the session. A signature was rejected, because the session is read anyway, and a printed
//! link would become invalid when the signing secret is rotated.

use std::fmt;

use rand::{RngExt, distr::Alphanumeric};
use serde::{Deserialize, Serialize};

/// 22 letters and digits, which are 130 random bits.
const KEY_LENGTH: usize = 22;

/// The join key of a session.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, example = "9hXJ2mQvT4bWcR7yKp3sZd")]
pub struct JoinKey(String);

impl JoinKey {
    /// Generates a key.
    pub fn generate(rng: &mut impl RngExt) -> Self {
        Self(rng.sample_iter(Alphanumeric).take(KEY_LENGTH).map(char::from).collect())
    }

    /// Returns whether a client has sent this key. Compares all characters, so that the time reveals none of them.
    pub fn matches(&self, text: &str) -> bool {
        let differing = self.0.bytes().zip(text.bytes()).fold(0, |all, (one, other)| all | (one ^ other));
        text.len() == self.0.len() && differing == 0
    }
}

/// A key is a secret and must not be in a log.
impl fmt::Debug for JoinKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JoinKey")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_matches_only_itself() {
        let key = JoinKey::generate(&mut rand::rng());
        assert_eq!(key.0.len(), KEY_LENGTH);
        assert!(key.matches(&key.0.clone()));
        for other in ["", "x", &key.0[1..], &format!("{}x", key.0), &"x".repeat(KEY_LENGTH)] {
            assert!(!key.matches(other), "{other}");
        }
    }
}
