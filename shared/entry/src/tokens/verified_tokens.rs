//! Remembers tokens whose signature an instance has checked, because the check costs more than the rest of a small request.
//!
//! A remembered token is as good as its signature and no better. Its time is compared at each use, and whether its log-in
//! still exists is read from the table as often as without this cache. A set of other keys begins with an empty cache, so
//! no token outlives its key here.

use std::{
    collections::HashMap,
    mem,
    sync::{Mutex, PoisonError},
};

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::token_claims::TokenClaims;

/// The maximum number of tokens in one of the two generations. A token of the largest kind takes about 1 KB.
const GENERATION_SIZE: usize = 1_024;

/// The claims of checked tokens, by the hash of the whole token with its signature. A token that differs in one character
/// is another token. Its key is a hash, so how long a look-up takes says nothing about the tokens that are remembered.
#[derive(Default)]
pub(super) struct VerifiedTokens(Mutex<Generations>);

/// Two generations bound the size without a list of uses: if the new one is full, the old one is dropped.
#[derive(Default)]
struct Generations {
    new: HashMap<TokenHash, TokenClaims<Value>>,
    old: HashMap<TokenHash, TokenClaims<Value>>,
}

/// The SHA-256 of a token.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct TokenHash([u8; 32]);

impl TokenHash {
    pub(super) fn of(token: &str) -> Self {
        Self(Sha256::digest(token).into())
    }
}

impl VerifiedTokens {
    /// Returns the claims of a token that was checked before. An expired one is removed.
    pub(super) fn get(&self, token: TokenHash, now: i64) -> Option<TokenClaims<Value>> {
        let mut generations = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let claims = if let Some(claims) = generations.new.get(&token) {
            claims.clone()
        } else {
            let claims = generations.old.remove(&token)?;
            generations.insert(token, claims.clone());
            claims
        };
        if now >= claims.exp {
            generations.new.remove(&token);
            return None;
        }
        Some(claims)
    }

    /// Remembers a token whose signature is valid.
    pub(super) fn insert(&self, token: TokenHash, claims: TokenClaims<Value>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(token, claims);
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        let generations = self.0.lock().unwrap();
        generations.new.len() + generations.old.len()
    }
}

impl Generations {
    fn insert(&mut self, token: TokenHash, claims: TokenClaims<Value>) {
        if self.new.len() >= GENERATION_SIZE {
            self.old = mem::take(&mut self.new);
        }
        self.new.insert(token, claims);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(exp: i64) -> TokenClaims<Value> {
        let text = String::new;
        TokenClaims { iss: text(), aud: text(), typ: text(), iat: 0, nbf: 0, exp, subject: Value::Null }
    }

    #[test]
    fn a_token_is_remembered_until_it_expires() {
        let tokens = VerifiedTokens::default();
        let token = TokenHash::of("a.b.c");
        tokens.insert(token, claims(100));
        assert!(tokens.get(token, 99).is_some());
        assert!(tokens.get(TokenHash::of("a.b.d"), 99).is_none());
        assert!(tokens.get(token, 100).is_none());
        assert_eq!(tokens.len(), 0, "an expired token takes no room");
    }

    #[test]
    fn the_number_of_tokens_is_bounded_and_used_ones_stay() {
        let tokens = VerifiedTokens::default();
        let used = TokenHash::of("used");
        tokens.insert(used, claims(100));
        for number in 0..10 * GENERATION_SIZE {
            tokens.insert(TokenHash::of(&number.to_string()), claims(100));
            assert!(tokens.get(used, 0).is_some(), "{number}");
            assert!(tokens.len() <= 2 * GENERATION_SIZE);
        }
        assert!(tokens.get(TokenHash::of("0"), 0).is_none());
    }
}
