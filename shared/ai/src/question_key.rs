//! Under what an answer is kept: the same question asked twice is one call.

use sha2::{Digest, Sha256};

/// 64 hex digits that questions share which differ in case, white space and punctuation only. Words in another order, or
/// one more, are another question.
pub fn question_key(text: &str) -> String {
    use std::fmt::Write as _;
    let letters: String =
        text.to_lowercase().chars().map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
    let normal = letters.split_whitespace().collect::<Vec<_>>().join(" ");
    // of nothing but signs: a question of its own
    let normal = if normal.is_empty() { text.trim() } else { &normal };
    let mut key = String::with_capacity(64);
    for byte in Sha256::digest(normal.as_bytes()) {
        // writing into a String does not fail
        let _ = write!(key, "{byte:02x}");
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_spaces_and_punctuation_do_not_make_a_new_question() {
        let key = question_key("What does it cost?");
        assert_eq!(key.len(), 64);
        for same in ["what does it cost", "  WHAT   does\nit cost??! ", "«What does it cost?»"] {
            assert_eq!(question_key(same), key, "{same}");
        }
        for other in ["What did it cost?", "What does it cost now?", "", "?", "Cât costă?"] {
            assert_ne!(question_key(other), key, "{other}");
        }
        assert_eq!(question_key("CÂT COSTĂ?"), question_key("cât costă"));
        assert_ne!(question_key("?"), question_key("!"));
    }
}
