//! Join codes, which are six characters of A–Z without I, L and O, and 2–9 (contract presentations A3.2).

use std::fmt;

use rand::{RngExt, seq::IndexedRandom};
use serde::{Deserialize, Serialize};

const ALPHABET: &[u8] = b"ABCDEFGHJKMNPQRSTUVWXYZ23456789";
const CODE_LENGTH: usize = 6;

/// The join code of a session, in upper case.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, example = "K7M2QX")]
pub struct JoinCode(String);

impl JoinCode {
    /// Generates one of 887,503,681 codes.
    pub fn generate(rng: &mut impl RngExt) -> Self {
        Self((0..CODE_LENGTH).filter_map(|_| ALPHABET.choose(rng)).map(|byte| char::from(*byte)).collect())
    }

    /// Reads a code as the participant typed it. Any six letters or digits are accepted, because codes of the original
    /// contain characters that are not generated here ("ABC123").
    pub fn parse(text: &str) -> Option<Self> {
        // people type spaces; a control character comes from a program, and `CODE%0A` is another path than `CODE`
        let text = text.trim_matches(|character: char| character.is_whitespace() && !character.is_control());
        (text.len() == CODE_LENGTH && text.bytes().all(|byte| byte.is_ascii_alphanumeric()))
            .then(|| Self(text.to_ascii_uppercase()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for JoinCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_codes_are_readable_and_typed_codes_may_be_lower_case() {
        for _ in 0..1000 {
            let code = JoinCode::generate(&mut rand::rng());
            assert_eq!(code.as_str().len(), 6);
            assert!(!code.as_str().contains(['I', 'L', 'O', '0', '1']), "{code}");
            assert_eq!(JoinCode::parse(&format!(" {} ", code.as_str().to_lowercase())), Some(code));
        }
        assert_eq!(ALPHABET.len(), 31);
        assert!(JoinCode::parse("abc123").is_some());
        assert!(JoinCode::parse("abc12").is_none() && JoinCode::parse("abc-12").is_none());
        assert!(JoinCode::parse("äbc12").is_none());
        for control in ["abc123\n", "\tabc123", "abc123\r\n", "abc123\0"] {
            assert!(JoinCode::parse(control).is_none(), "{control:?}");
        }
    }
}
