//! The public keys of tokens, and the verification of a signature.

use std::sync::Arc;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use model::Error;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use store::platform::deployment_keys::DeploymentKeys;

use super::{
    ISSUER, LEEWAY_SECONDS, REUSED_TYPES, TokenKind,
    token_claims::TokenClaims,
    verified_tokens::{TokenHash, VerifiedTokens},
};

struct PublicKey {
    id: String,
    /// The key in the form of JWKS.
    x: String,
    key: DecodingKey,
}

/// A token names a key that is not published, or was not when the keys were read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct UnknownKey;

/// The published keys as they were at one time.
pub(super) struct KeySet {
    pub(super) read_at: Timestamp,
    keys: Vec<PublicKey>,
    /// What every function of the deployment can make and check, newest first.
    pub(super) shared_secrets: Vec<String>,
    verified: Arc<VerifiedTokens>,
}

/// Returns the id of a public key, which is in base64url.
pub(super) fn key_id(x: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(&Sha256::digest(x)[..9])
}

impl KeySet {
    /// Makes the set that was read at `now`. If its keys are those of `before`, it remembers the same tokens.
    pub(super) fn new(found: &DeploymentKeys, before: Option<&Self>, now: Timestamp) -> Result<Self, Error> {
        let keys = found.public_keys.iter().map(|x| {
            let bytes = BASE64_URL_SAFE_NO_PAD.decode(x).map_err(Error::internal)?;
            Ok(PublicKey { id: key_id(x), x: x.clone(), key: DecodingKey::from_ed_der(&bytes) })
        });
        let keys = keys.collect::<Result<Vec<_>, Error>>()?;
        let is_same =
            |before: &&Self| before.keys.iter().map(|key| &key.id).eq(keys.iter().map(|key| &key.id));
        let verified = before.filter(is_same).map(|before| before.verified.clone()).unwrap_or_default();
        Ok(Self { read_at: now, keys, shared_secrets: found.shared_secrets.clone(), verified })
    }

    /// Returns the subject of a token if its signature, kind and time are valid.
    ///
    /// # Errors
    /// [`UnknownKey`] if the token names a key that is not in this set.
    pub(super) fn verify<T: TokenKind>(&self, token: &str, now: Timestamp) -> Result<Option<T>, UnknownKey> {
        let now = now.as_second();
        let hash = TokenHash::of(token);
        let claims = if let Some(claims) = self.verified.get(hash, now) {
            claims
        } else {
            let Some(claims) = self.check_signature(token)? else { return Ok(None) };
            if REUSED_TYPES.contains(&claims.typ.as_str()) && now < claims.exp {
                self.verified.insert(hash, claims.clone());
            }
            claims
        };
        let is_timely = claims.nbf <= now + LEEWAY_SECONDS && now < claims.exp;
        let is_valid = claims.typ == T::TYPE && is_timely;
        Ok(if is_valid { serde_json::from_value(claims.subject).ok() } else { None })
    }

    /// Returns the claims of a token whose signature is valid. The key is chosen by `kid` among the published keys. The
    /// headers `jku`, `jwk` and `x5u` are ignored, and `EdDSA` is the only algorithm.
    fn check_signature(&self, token: &str) -> Result<Option<TokenClaims<Value>>, UnknownKey> {
        let Some(kid) = jsonwebtoken::decode_header(token).ok().and_then(|header| header.kid) else {
            return Ok(None);
        };
        let key = self.keys.iter().find(|key| key.id == kid).ok_or(UnknownKey)?;
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_audience(&[ISSUER]);
        validation.set_issuer(&[ISSUER]);
        validation.set_required_spec_claims(&["exp", "aud", "iss"]);
        // the caller compares times with the injected clock; the library would ask the system
        validation.validate_exp = false;
        validation.validate_nbf = false;
        Ok(jsonwebtoken::decode(token, &key.key, &validation).ok().map(|token| token.claims))
    }

    pub(super) fn jwks(&self) -> Value {
        let keys = self.keys.iter().map(|PublicKey { id, x, .. }| {
            json!({ "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": id, "x": x })
        });
        json!({ "keys": keys.collect::<Vec<_>>() })
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use model::UserId;
    use uuid::Uuid;

    use super::*;
    use crate::tokens::{
        ACCESS_TOKEN_LIFETIME, AccessToken, ParticipantToken, SocketTicket, TICKET_LIFETIME, TicketHolder,
        signing_keys::SigningKeys,
    };

    const OLD: &str = "an-older-secret-of-more-than-32-characters";
    const NEW: &str = "a-newer-secret-of-more-than-32-characters!";

    fn signing_keys(current: &str, previous: &str) -> SigningKeys {
        let secret = json!({ "current": current, "previous": previous, "revision": "1" });
        SigningKeys::parse(&secret.to_string()).unwrap()
    }

    fn access() -> AccessToken {
        AccessToken { user: UserId::from(Uuid::from_u128(1)), login: Uuid::from_u128(2).into() }
    }

    #[test]
    fn a_signature_is_checked_once_and_remembered_with_its_bounds() {
        let now: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        let signing = signing_keys(NEW, OLD);
        let keys = KeySet::new(signing.public(), None, now).unwrap();
        let token = signing.sign(&access(), now, now + ACCESS_TOKEN_LIFETIME).unwrap();
        for _ in 0..2 {
            // a request with a bearer token is first taken for that of a guest
            assert_eq!(keys.verify::<ParticipantToken>(&token, now), Ok(None));
            assert_eq!(keys.verify(&token, now), Ok(Some(access())));
            assert_eq!(keys.verified.len(), 1);
        }
        let early = now - SignedDuration::from_secs(60);
        assert_eq!(keys.verify::<AccessToken>(&token, early), Ok(None));
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let (first, rest) = signature.split_at(1);
        let forged = format!("{signed}.{}{rest}", if first == "A" { "B" } else { "A" });
        assert_eq!(keys.verify::<AccessToken>(&forged, now), Ok(None), "equal claims, another signature");
        assert_eq!(keys.verified.len(), 1, "a forged token takes no room");

        // The same keys that are read again remember the token, other keys do not.
        let again = KeySet::new(signing.public(), Some(&keys), now).unwrap();
        assert_eq!(again.verified.len(), 1);
        let other = KeySet::new(signing_keys(OLD, "none").public(), Some(&keys), now).unwrap();
        assert_eq!(other.verify::<AccessToken>(&token, now), Err(UnknownKey));

        let end = now + ACCESS_TOKEN_LIFETIME;
        assert_eq!(keys.verify::<AccessToken>(&token, end), Ok(None));
        assert_eq!(keys.verified.len(), 0, "an expired token takes no room");
        let ticket = SocketTicket { id: Uuid::nil(), bearer: TicketHolder::Account(access()), session: None };
        let signed = signing.sign(&ticket, now, now + TICKET_LIFETIME).unwrap();
        assert_eq!(keys.verify(&signed, now), Ok(Some(ticket)));
        assert_eq!(keys.verified.len(), 0, "a ticket is used once");
    }
}
