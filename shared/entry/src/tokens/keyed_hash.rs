//! Hashes that only a holder of a secret can make.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use sha2::Sha256;

/// Derives a key from a secret, by the expand step of HKDF for one block. The extract step is not needed, because the secrets are
/// random.
pub(super) fn derive_key(secret: &str, purpose: &str) -> [u8; 32] {
    let mut mac = mac_of(secret.as_bytes());
    mac.update(b"colloquy/");
    mac.update(purpose.as_bytes());
    mac.update(&[1]);
    mac.finalize().into_bytes().into()
}

/// Returns the hash of a text under the newest of the secrets.
pub(super) fn keyed_hash(newest: &str, purpose: &str, text: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(text_mac(newest, purpose, text).finalize().into_bytes())
}

/// Returns whether a text has this hash under one of the secrets. The comparison takes the same time for every wrong text.
pub(super) fn matches(secrets: &[String], purpose: &str, text: &str, hash: &str) -> bool {
    let Ok(hash) = BASE64_URL_SAFE_NO_PAD.decode(hash) else { return false };
    secrets.iter().any(|secret| text_mac(secret, purpose, text).verify_slice(&hash).is_ok())
}

fn text_mac(secret: &str, purpose: &str, text: &str) -> Hmac<Sha256> {
    let mut mac = mac_of(&derive_key(secret, purpose));
    mac.update(text.as_bytes());
    mac
}

fn mac_of(key: &[u8]) -> Hmac<Sha256> {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
    Hmac::<Sha256>::new_from_slice(key).expect("any length")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_keyed_hash_belongs_to_one_text_one_purpose_and_the_deployment() {
        let hash = keyed_hash("old", "code", "1:123456");
        let [old, new] = ["old", "new"].map(str::to_owned);
        let both = [new.clone(), old.clone()];
        assert!(!hash.contains("123456"));
        assert!(matches(&[old], "code", "1:123456", &hash));
        assert!(matches(&both, "code", "1:123456", &hash), "until the previous secret is gone");
        assert!(!matches(&[new], "code", "1:123456", &hash));
        for (purpose, text) in
            [("code", "1:123457"), ("code", "2:123456"), ("link", "1:123456"), ("code", "")]
        {
            assert!(!matches(&both, purpose, text, &hash), "{purpose} {text}");
        }
        assert!(!matches(&both, "code", "1:123456", &hash[1..]));
        assert!(!matches(&both, "code", "1:123456", "no base64!"));
    }
}
