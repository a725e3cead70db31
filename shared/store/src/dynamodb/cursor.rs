//! Encryption of cursors.
//!
//! A position contains table keys, and keys contain ids of people, channels and sessions. So a cursor is encrypted with
//! ChaCha20-Poly1305. Its scope (caller, list, filters) is authenticated with it, so a cursor that was changed, or that
//! belongs to another caller or list, cannot be decrypted.
//!
//! The nonce is synthetic: a keyed hash of scope and position. Two equal nonces therefore mean the same plaintext, which
//! makes a repetition harmless, and the same page has the same cursor. A random nonce of 96 bits was rejected, because
//! a repetition would reveal two positions, and an instance that is restored from a snapshot may repeat its randomness.
//! `XChaCha20` has a longer nonce and would make each cursor 16 characters longer.

use std::fmt;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chacha20poly1305::{
    ChaCha20Poly1305, KeyInit,
    aead::{Aead, Payload},
};
use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::dynamodb::error::{Result, StoreError};

/// Bytes of the nonce at the start of a cursor.
const NONCE_BYTES: usize = 12;
/// A position is padded with spaces to a multiple of this, so that the length of a cursor does not reveal the length of
/// a name.
const PADDED_TO_BYTES: usize = 32;

/// The keys that cursors are encrypted with.
#[derive(Clone)]
pub(crate) struct CursorKeys {
    encryption: [u8; 32],
    nonce: [u8; 32],
}

// A derived `Debug` would print the keys.
impl fmt::Debug for CursorKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CursorKeys")
    }
}

fn keyed_hash(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
    let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(key).expect("any length");
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

impl CursorKeys {
    pub(super) fn derive(secret: &[u8]) -> Self {
        Self {
            encryption: keyed_hash(secret, &[b"cursor encryption"]),
            nonce: keyed_hash(secret, &[b"cursor nonce"]),
        }
    }

    /// Encrypts a position, which is JSON.
    pub(super) fn seal(&self, mut position: Vec<u8>, scope: &str) -> Result<String> {
        // Spaces at the end of JSON mean nothing.
        position.resize(position.len().next_multiple_of(PADDED_TO_BYTES), b' ');
        let hash = keyed_hash(&self.nonce, &[scope.as_bytes(), &position]);
        let (nonce, _) = hash.split_at(NONCE_BYTES);
        let sealed = ChaCha20Poly1305::new(&self.encryption.into())
            .encrypt(nonce.into(), Payload { msg: &position, aad: scope.as_bytes() })
            .map_err(|error| StoreError::InvalidRequest(format!("a cursor cannot be encrypted: {error}")))?;
        Ok(BASE64_URL_SAFE_NO_PAD.encode([nonce, &sealed].concat()))
    }

    /// Decrypts a position.
    ///
    /// # Errors
    /// Returns [`StoreError::InvalidCursor`] if [`Self::seal`] did not make the cursor with the same scope.
    pub(super) fn open(&self, cursor: &str, scope: &str) -> Result<Vec<u8>> {
        let sealed = BASE64_URL_SAFE_NO_PAD.decode(cursor).map_err(|_| StoreError::InvalidCursor)?;
        let (nonce, sealed) = sealed.split_at_checked(NONCE_BYTES).ok_or(StoreError::InvalidCursor)?;
        ChaCha20Poly1305::new(&self.encryption.into())
            .decrypt(nonce.into(), Payload { msg: sealed, aad: scope.as_bytes() })
            .map_err(|_| StoreError::InvalidCursor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_readable_in_its_scope_only() {
        let keys = CursorKeys::derive(&[7; 32]);
        let position = br#"["USERNAME#kate"]"#.to_vec();
        let cursor = keys.seal(position.clone(), "kate|list_users").unwrap();
        let opened = keys.open(&cursor, "kate|list_users").unwrap();
        assert_eq!(opened.trim_ascii_end(), position);
        assert!(cursor.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)), "{cursor}");
        assert_eq!(cursor, keys.seal(position.clone(), "kate|list_users").unwrap(), "the same page");
        for other in ["eve|list_users", "kate|list_channels", ""] {
            assert!(matches!(keys.open(&cursor, other), Err(StoreError::InvalidCursor)), "{other}");
            assert_ne!(cursor[..16], keys.seal(position.clone(), other).unwrap()[..16], "another nonce");
        }
        let other = CursorKeys::derive(&[8; 32]);
        assert!(matches!(other.open(&cursor, "kate|list_users"), Err(StoreError::InvalidCursor)));
    }

    #[test]
    fn every_changed_or_missing_byte_is_refused() {
        let keys = CursorKeys::derive(&[7; 32]);
        let cursor = keys.seal(br#"["NUMBER#0000000007"]"#.to_vec(), "scope").unwrap();
        for place in 0..cursor.len() {
            let mut changed = cursor.clone().into_bytes();
            changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert!(matches!(keys.open(&changed, "scope"), Err(StoreError::InvalidCursor)), "{place}");
            assert!(
                matches!(keys.open(&cursor[..place], "scope"), Err(StoreError::InvalidCursor)),
                "{place}"
            );
        }
    }

    #[test]
    fn names_of_different_length_make_cursors_of_equal_length() {
        let keys = CursorKeys::derive(&[7; 32]);
        let seal = |name: &str| keys.seal(format!(r#"["USERNAME#{name}"]"#).into_bytes(), "scope").unwrap();
        assert_eq!(seal("bo").len(), seal("bartholomew").len());
    }
}
