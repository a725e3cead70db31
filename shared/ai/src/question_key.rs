//! The key under which an answer is stored, so that a repeated question causes one call.

use sha2::{Digest, Sha256};

/// Returns the SHA-256 of a question's wording key as 64 hexadecimal digits. The wording key
/// (`model::question::wording_key`) decides which questions are the same. For example, C, C++ and C# are three
/// languages.
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
    fn equal_wording_keys_give_one_key() {
        let key = question_key("what c++");
        assert_eq!((key.len(), &key), (64, &question_key("what c++")));
        for other in ["what c#", "what c", "c++ what", ""] {
            assert_ne!(question_key(other), key, "{other}");
        }
    }
}
