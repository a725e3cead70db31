//! Under what an answer is kept: the same question asked twice is one call.

use sha2::{Digest, Sha256};

/// 64 hex digits of a question in its normal form (`model::question::key`), which alone says what is the same: C, C++ and C#
/// are three languages.
pub fn question_key(normal: &str) -> String {
    use std::fmt::Write as _;
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
    fn one_normal_form_is_one_key() {
        let key = question_key("what c++");
        assert_eq!((key.len(), &key), (64, &question_key("what c++")));
        for other in ["what c#", "what c", "c++ what", ""] {
            assert_ne!(question_key(other), key, "{other}");
        }
    }
}
