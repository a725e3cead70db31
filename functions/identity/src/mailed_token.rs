//! Tokens of links in mails. A token starts with the id of what it belongs to, so that no item of its own is needed to find it.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use rand::RngExt;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use uuid::Uuid;

const ID_BYTES: usize = 16;
const SECRET_BYTES: usize = 32;

/// Creates a token with a new secret of 256 bits.
pub(crate) fn new(id: Uuid) -> String {
    let mut bytes = id.as_bytes().to_vec();
    bytes.extend(rand::rng().random::<[u8; SECRET_BYTES]>());
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// Returns the id of a token. The secret is not checked.
pub(crate) fn id(token: &str) -> Option<Uuid> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(token).ok()?;
    if bytes.len() != ID_BYTES + SECRET_BYTES {
        return None;
    }
    Uuid::from_slice(&bytes[..ID_BYTES]).ok()
}

/// Returns the hash of a token for the table. A plain hash hides 256 random bits.
pub(crate) fn hash(token: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(token))
}

/// Returns whether a token has this hash. The comparison takes the same time for every wrong token.
pub(crate) fn matches(token: &str, expected: &str) -> bool {
    hash(token).as_bytes().ct_eq(expected.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_names_its_id() {
        let id = Uuid::from_u128(7);
        let token = new(id);
        assert_eq!((token.len(), super::id(&token)), (64, Some(id)));
        assert_ne!(token, new(id));
        assert!(matches(&token, &hash(&token)) && !hash(&token).contains(&token));
        assert!(!matches(&new(id), &hash(&token)) && !matches("", &hash(&token)) && !matches(&token, ""));
        for bad in ["", "x", &token[1..], &format!("{token}A"), "no base64!"] {
            assert_eq!(super::id(bad), None, "{bad}");
        }
    }
}
