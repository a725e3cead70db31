//! Join codes, which are six characters of A–Z without I, L and O, and 2–9 (contract presentations A3.2).

use std::fmt;

use rand::{RngExt, seq::IndexedRandom};
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use crate::message::content::is_invisible;

const ALPHABET: &[u8] = b"ABCDEFGHJKMNPQRSTUVWXYZ23456789";
const CODE_LENGTH: usize = 6;
/// A longer text is no typed code.
const MAX_TYPED_BYTES: usize = 200;

/// Returns whether people type or copy a character between the characters of a code.
const fn is_separator(letter: char) -> bool {
    is_invisible(letter) || matches!(letter, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{30fc}')
}

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

    /// Reads a code as the participant typed it. Spaces, dashes and invisible characters are ignored, because codes are
    /// read out in groups and copied from chats. Full-width letters are accepted, because Japanese keyboards type them.
    /// Any six letters or digits are accepted, because codes of the original contain characters that are not generated
    /// here ("ABC123").
    pub fn parse(text: &str) -> Option<Self> {
        // a control character comes from a program, and `CODE%0A` is another path than `CODE`
        if text.len() > MAX_TYPED_BYTES || text.contains(char::is_control) {
            return None;
        }
        let code: String = text.nfkc().filter(|letter| !is_separator(*letter)).collect();
        (code.len() == CODE_LENGTH && code.bytes().all(|byte| byte.is_ascii_alphanumeric()))
            .then(|| Self(code.to_ascii_uppercase()))
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

    #[test]
    fn typed_codes_may_be_grouped_copied_or_full_width() {
        let code = JoinCode::parse("HKJFAU");
        for typed in [
            "HKJ FAU",
            "hkj-fau",
            "H K J F A U",
            "HKJ\u{2011}FAU",
            "HKJ\u{2013}FAU",
            "\u{a0}HKJFAU\u{3000}",
            "\u{200e}HKJFAU",
            "\u{feff}HKJFAU",
            "HKJ\u{200b}FAU",
            "\u{ff28}\u{ff2b}\u{ff2a}\u{ff26}\u{ff21}\u{ff35}",
            "\u{ff48}\u{ff4b}\u{ff4a}\u{ff0d}\u{ff46}\u{ff41}\u{ff55}",
        ] {
            assert_eq!(JoinCode::parse(typed), code, "{typed:?}");
        }
        for wrong in ["HKJ#FAU", "HKJFAU\n", "HKJFAU\0", "HKJ/FAU", "HKJFA", "HKJFAUX", "-", &" ".repeat(300)]
        {
            assert_eq!(JoinCode::parse(wrong), None, "{wrong:?}");
        }
    }
}
