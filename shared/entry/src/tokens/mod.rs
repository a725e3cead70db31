//! Tokens are JWTs with Ed25519 signatures. The keys are derived from secret strings, so Secrets Manager can generate
//! the secrets and no key file is needed. The newest secret signs, and all secrets verify, which allows rotation.
//!
//! | `typ` claim | holder | lifetime |
//! | --- | --- | --- |
//! | `access` | an account on one log-in | 15 min |
//! | `refresh` | a log-in, with the generation of its tokens | 30 days from log-in, regardless of rotation |
//! | `participant` | a participant of a session, with or without an account | 24 h |
//! | `ticket` | the right to open one socket | 60 s |
//! | `report` | the right to read the report of one session | 30 days |
//! | `unsubscribe` | the right to turn off one kind of e-mail of an account | 1 year |

mod verified_tokens;

use std::sync::Arc;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use ed25519_dalek::SigningKey;
use hmac::{Hmac, Mac};
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use model::{Error, LoginId, ParticipantId, SessionId, UserId, notification::MailSubscription};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use self::verified_tokens::{TokenHash, VerifiedTokens};
use crate::StartError;

/// The issuer and the audience, which are the same deployment.
const ISSUER: &str = "colloquy";
/// The accepted difference of two clocks in seconds.
const LEEWAY_SECONDS: i64 = 5;

pub const ACCESS_TOKEN_LIFETIME: SignedDuration = SignedDuration::from_mins(15);
pub const REFRESH_TOKEN_LIFETIME: SignedDuration = SignedDuration::from_hours(30 * 24);
pub const PARTICIPANT_TOKEN_LIFETIME: SignedDuration = SignedDuration::from_hours(24);
/// The lifetime of a ticket (RELIABILITY 24).
pub const TICKET_LIFETIME: SignedDuration = SignedDuration::from_secs(60);
/// The lifetime of the link in an e-mail.
pub const REPORT_LINK_LIFETIME: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The lifetime of the link that turns off e-mails. People find old e-mails in their archives.
pub const UNSUBSCRIBE_LINK_LIFETIME: SignedDuration = SignedDuration::from_hours(365 * 24);

/// An account on one of its log-ins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessToken {
    #[serde(rename = "sub")]
    pub user: UserId,
    #[serde(rename = "sid")]
    pub login: LoginId,
}

/// The right to the next pair of tokens of a log-in. It needs no stored secret. Its signature and the generation in the
/// table decide, so the successor of a token can be made again if the response was lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefreshToken {
    #[serde(rename = "sub")]
    pub user: UserId,
    #[serde(rename = "sid")]
    pub login: LoginId,
    #[serde(rename = "gen")]
    pub generation: u64,
}

/// A participant of a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParticipantToken {
    #[serde(rename = "sub")]
    pub participant: ParticipantId,
    pub session: SessionId,
}

/// The right to open one socket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SocketTicket {
    #[serde(rename = "jti")]
    pub id: Uuid,
    #[serde(flatten)]
    pub bearer: TicketHolder,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionId>,
}

/// The holder of the future socket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TicketHolder {
    Account(AccessToken),
    /// A participant. If an account joined, the socket closes when the log-in of the account ends.
    Participant {
        participant: ParticipantId,
        by: Option<AccessToken>,
    },
}

/// The right to read the report of one session. It ends with the session, or when the session has another owner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportLink {
    #[serde(rename = "sub")]
    pub owner: UserId,
    pub session: SessionId,
}

/// The right to turn off one kind of e-mail of an account, and nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnsubscribeLink {
    #[serde(rename = "sub")]
    pub user: UserId,
    pub list: MailSubscription,
}

/// A kind of token with its name and its lifetime.
pub trait TokenKind: Serialize + DeserializeOwned {
    /// The value of the `typ` claim.
    const TYPE: &'static str;
    /// The lifetime.
    const LIFE: SignedDuration;
}

impl TokenKind for AccessToken {
    const TYPE: &'static str = "access";
    const LIFE: SignedDuration = ACCESS_TOKEN_LIFETIME;
}
impl TokenKind for RefreshToken {
    const TYPE: &'static str = "refresh";
    const LIFE: SignedDuration = REFRESH_TOKEN_LIFETIME;
}
impl TokenKind for ParticipantToken {
    const TYPE: &'static str = "participant";
    const LIFE: SignedDuration = PARTICIPANT_TOKEN_LIFETIME;
}
impl TokenKind for ReportLink {
    const TYPE: &'static str = "report";
    const LIFE: SignedDuration = REPORT_LINK_LIFETIME;
}
impl TokenKind for UnsubscribeLink {
    const TYPE: &'static str = "unsubscribe";
    const LIFE: SignedDuration = UNSUBSCRIBE_LINK_LIFETIME;
}
impl TokenKind for SocketTicket {
    const TYPE: &'static str = "ticket";
    const LIFE: SignedDuration = TICKET_LIFETIME;
}

/// The kinds that their holder sends with many requests. An instance remembers that their signature is valid. The others are used
/// once.
const REUSED_TYPES: [&str; 2] = [AccessToken::TYPE, ParticipantToken::TYPE];

#[derive(Clone, Serialize, Deserialize)]
struct TokenClaims<T> {
    iss: String,
    aud: String,
    typ: String,
    iat: i64,
    nbf: i64,
    exp: i64,
    #[serde(flatten)]
    subject: T,
}

struct TokenKey {
    id: String,
    /// The public key in the form of JWKS.
    x: String,
    signing: EncodingKey,
    verifying: DecodingKey,
}

/// The keys of a deployment. Cheap to clone.
#[derive(Clone)]
pub struct TokenKeys {
    keys: Arc<Vec<TokenKey>>,
    /// The secrets from which other keys are derived, the newest first.
    derivations: Arc<Vec<SecretString>>,
    verified: Arc<VerifiedTokens>,
}

impl TokenKeys {
    /// Derives one key per secret. The newest key signs, and all keys verify.
    ///
    /// # Errors
    /// Returns `InvalidSetting` for a secret of fewer than 32 characters.
    pub fn from_secrets(newest: &str, previous: Option<&str>) -> Result<Self, StartError> {
        let secrets = [("SIGNING_SECRET", Some(newest)), ("SIGNING_SECRET_PREVIOUS", previous)];
        let mut keys = Vec::new();
        let mut derivations = Vec::new();
        for (setting, secret) in secrets {
            let Some(secret) = secret else { continue };
            if secret.len() < 32 {
                return Err(StartError::invalid(setting, "must have at least 32 characters"));
            }
            keys.push(TokenKey::derive(secret));
            derivations.push(SecretString::from(secret));
        }
        let verified = Arc::default();
        Ok(Self { keys: Arc::new(keys), derivations: Arc::new(derivations), verified })
    }

    /// Signs a token that is valid from `now` for the lifetime of its kind.
    pub fn sign<T: TokenKind>(&self, subject: &T, now: Timestamp) -> Result<String, Error> {
        self.sign_until(subject, now, now + T::LIFE)
    }

    /// Signs a token with an explicit end. Equal subjects and times make equal tokens, because Ed25519 signatures are
    /// deterministic.
    pub fn sign_until<T: TokenKind>(
        &self,
        subject: &T,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<String, Error> {
        let key = &self.keys[0];
        let header = Header { kid: Some(key.id.clone()), ..Header::new(Algorithm::EdDSA) };
        let claims = TokenClaims {
            iss: ISSUER.into(),
            aud: ISSUER.into(),
            typ: T::TYPE.into(),
            iat: from.as_second(),
            nbf: from.as_second(),
            exp: until.as_second(),
            subject,
        };
        jsonwebtoken::encode(&header, &claims, &key.signing).map_err(Error::internal)
    }

    /// Returns the subject of a token if its signature, kind and time are valid. The signature of a token is checked once
    /// per instance.
    pub fn verify<T: TokenKind>(&self, token: &str, now: Timestamp) -> Option<T> {
        let now = now.as_second();
        let hash = TokenHash::of(token);
        let claims = if let Some(claims) = self.verified.get(hash, now) {
            claims
        } else {
            let claims = self.check_signature(token)?;
            if REUSED_TYPES.contains(&claims.typ.as_str()) && now < claims.exp {
                self.verified.insert(hash, claims.clone());
            }
            claims
        };
        let is_timely = claims.nbf <= now + LEEWAY_SECONDS && now < claims.exp;
        if claims.typ == T::TYPE && is_timely { serde_json::from_value(claims.subject).ok() } else { None }
    }

    /// Returns the claims of a token whose signature is valid. The key is chosen by `kid` among the keys of the deployment. The
    /// headers `jku`, `jwk` and `x5u` are ignored, and `EdDSA` is the only algorithm.
    fn check_signature(&self, token: &str) -> Option<TokenClaims<serde_json::Value>> {
        let header = jsonwebtoken::decode_header(token).ok()?;
        let kid = header.kid?;
        let key = self.keys.iter().find(|key| key.id == kid)?;
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_audience(&[ISSUER]);
        validation.set_issuer(&[ISSUER]);
        validation.set_required_spec_claims(&["exp", "aud", "iss"]);
        // the caller compares times with the injected clock; the library would ask the system
        validation.validate_exp = false;
        validation.validate_nbf = false;
        Some(jsonwebtoken::decode(token, &key.verifying, &validation).ok()?.claims)
    }

    /// Returns the public keys, as `/.well-known/jwks.json` shows them.
    pub fn jwks(&self) -> serde_json::Value {
        let keys: Vec<_> = self
            .keys
            .iter()
            .map(|key| {
                serde_json::json!({
                    "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": key.id, "x": key.x,
                })
            })
            .collect();
        serde_json::json!({ "keys": keys })
    }

    /// Derives a key for another purpose, such as cursors. It is the same on every instance.
    pub(crate) fn derive_key(&self, purpose: &str) -> [u8; 32] {
        hkdf_expand(self.derivations[0].expose_secret(), purpose)
    }

    /// Returns the keyed hash of a secret, for the table. A plain hash of a code of six digits would not hide it, because a reader of
    /// the table could try all codes.
    pub fn keyed_hash(&self, purpose: &str, secret: &str) -> String {
        let mac = keyed_mac(&self.derivations[0], purpose, secret);
        BASE64_URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
    }

    /// Returns whether a secret has this keyed hash. The comparison takes the same time for every wrong secret. A hash from before a
    /// rotation of the keys is valid as long as the previous key is.
    pub fn matches_keyed_hash(&self, purpose: &str, secret: &str, hash: &str) -> bool {
        let Ok(hash) = BASE64_URL_SAFE_NO_PAD.decode(hash) else { return false };
        self.derivations
            .iter()
            .any(|derivation| keyed_mac(derivation, purpose, secret).verify_slice(&hash).is_ok())
    }
}

impl TokenKey {
    fn derive(secret: &str) -> Self {
        let seed = hkdf_expand(secret, "ed25519");
        let public = SigningKey::from_bytes(&seed).verifying_key().to_bytes();
        // RFC 8410: a PKCS#8 v1 envelope around the 32 bytes of the seed
        let mut der = vec![
            0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
        ];
        der.extend(seed);
        let id = Sha256::digest(public);
        Self {
            id: BASE64_URL_SAFE_NO_PAD.encode(&id[..9]),
            x: BASE64_URL_SAFE_NO_PAD.encode(public),
            signing: EncodingKey::from_ed_der(&der),
            verifying: DecodingKey::from_ed_der(&public),
        }
    }
}

fn keyed_mac(derivation: &SecretString, purpose: &str, secret: &str) -> Hmac<Sha256> {
    let key = hkdf_expand(derivation.expose_secret(), purpose);
    #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("any length");
    mac.update(secret.as_bytes());
    mac
}

/// Runs the expand step of HKDF for one block. The extract step is not needed, because the secrets are random.
fn hkdf_expand(secret: &str, purpose: &str) -> [u8; 32] {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any length");
    mac.update(b"colloquy/");
    mac.update(purpose.as_bytes());
    mac.update(&[1]);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "an-older-secret-of-more-than-32-characters";
    const NEW: &str = "a-newer-secret-of-more-than-32-characters!";

    fn access() -> AccessToken {
        AccessToken { user: Uuid::from_u128(1).into(), login: Uuid::from_u128(2).into() }
    }

    #[test]
    fn a_token_is_valid_for_its_kind_and_its_lifetime() {
        let tokens = TokenKeys::from_secrets(NEW, None).unwrap();
        let now: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        let token = tokens.sign(&access(), now).unwrap();
        assert_eq!(tokens.verify::<AccessToken>(&token, now), Some(access()));
        assert_eq!(tokens.verify::<RefreshToken>(&token, now), None);
        assert_eq!(tokens.verify::<AccessToken>(&token, now + ACCESS_TOKEN_LIFETIME), None, "expired");
        assert_eq!(
            tokens.verify::<AccessToken>(&token, now - SignedDuration::from_secs(60)),
            None,
            "not valid yet"
        );
        assert_eq!(tokens.verify::<AccessToken>(&format!("{token}x"), now), None);
    }

    #[test]
    fn a_signature_is_checked_once_and_remembered_with_its_bounds() {
        let tokens = TokenKeys::from_secrets(NEW, Some(OLD)).unwrap();
        let now: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        let token = tokens.sign(&access(), now).unwrap();
        for _ in 0..2 {
            // a request with a bearer token is first taken for that of a guest
            assert_eq!(tokens.verify::<ParticipantToken>(&token, now), None);
            assert_eq!(tokens.clone().verify::<AccessToken>(&token, now), Some(access()));
            assert_eq!(tokens.verified.len(), 1);
        }
        assert_eq!(tokens.verify::<AccessToken>(&token, now - SignedDuration::from_secs(60)), None);
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let (first, rest) = signature.split_at(1);
        let forged = format!("{signed}.{}{rest}", if first == "A" { "B" } else { "A" });
        assert_eq!(tokens.verify::<AccessToken>(&forged, now), None, "equal claims, another signature");
        assert_eq!(tokens.verified.len(), 1, "a forged token takes no room");
        assert_eq!(tokens.verify::<AccessToken>(&token, now + ACCESS_TOKEN_LIFETIME), None);
        assert_eq!(tokens.verified.len(), 0, "an expired token takes no room");

        let ticket = SocketTicket { id: Uuid::nil(), bearer: TicketHolder::Account(access()), session: None };
        let signed = tokens.sign(&ticket, now).unwrap();
        assert_eq!(tokens.verify::<SocketTicket>(&signed, now), Some(ticket));
        assert_eq!(tokens.verified.len(), 0, "a ticket is used once");

        // an instance without the old key remembers nothing of an instance that had it
        let old = TokenKeys::from_secrets(OLD, None).unwrap().sign(&access(), now).unwrap();
        assert_eq!(tokens.verify::<AccessToken>(&old, now), Some(access()));
        assert_eq!(TokenKeys::from_secrets(NEW, None).unwrap().verify::<AccessToken>(&old, now), None);
    }

    #[test]
    fn a_keyed_hash_belongs_to_one_secret_one_purpose_and_the_deployment() {
        let before = TokenKeys::from_secrets(OLD, None).unwrap();
        let hash = before.keyed_hash("code", "1:123456");
        assert!(!hash.contains("123456"));
        assert!(before.matches_keyed_hash("code", "1:123456", &hash));
        for (purpose, secret) in
            [("code", "1:123457"), ("code", "2:123456"), ("link", "1:123456"), ("code", "")]
        {
            assert!(!before.matches_keyed_hash(purpose, secret, &hash), "{purpose} {secret}");
        }
        assert!(!before.matches_keyed_hash("code", "1:123456", &hash[1..]));
        assert!(!before.matches_keyed_hash("code", "1:123456", "no base64!"));
        assert!(
            TokenKeys::from_secrets(NEW, Some(OLD)).unwrap().matches_keyed_hash("code", "1:123456", &hash)
        );
        assert!(!TokenKeys::from_secrets(NEW, None).unwrap().matches_keyed_hash("code", "1:123456", &hash));
    }

    #[test]
    fn the_same_refresh_token_can_be_made_again() {
        let tokens = TokenKeys::from_secrets(NEW, None).unwrap();
        let now: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        let AccessToken { user, login } = access();
        let refresh = RefreshToken { user, login, generation: 7 };
        assert_eq!(tokens.sign(&refresh, now).unwrap(), tokens.sign(&refresh, now).unwrap());
    }

    #[test]
    fn forged_tokens_are_refused() {
        let tokens = TokenKeys::from_secrets(NEW, None).unwrap();
        let other_keys = TokenKeys::from_secrets(OLD, None).unwrap();
        let now: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        let foreign = other_keys.sign(&access(), now).unwrap();
        assert_eq!(tokens.verify::<AccessToken>(&foreign, now), None, "another key");
        let token = tokens.sign(&access(), now).unwrap();
        let [_, claims, signature] = token.split('.').collect::<Vec<_>>()[..] else { panic!("three parts") };
        let kid = &tokens.keys[0].id;
        for header in [
            format!(r#"{{"alg":"none","kid":"{kid}"}}"#),
            format!(r#"{{"alg":"HS256","kid":"{kid}"}}"#),
            format!(r#"{{"alg":"RS256","kid":"{kid}"}}"#),
            r#"{"alg":"EdDSA"}"#.to_owned(),
            format!(r#"{{"alg":"EdDSA","kid":"other","jku":"http://evil.example","was":"{kid}"}}"#),
        ] {
            let header_part = BASE64_URL_SAFE_NO_PAD.encode(&header);
            for signature in [signature, ""] {
                let forged = format!("{header_part}.{claims}.{signature}");
                assert_eq!(tokens.verify::<AccessToken>(&forged, now), None, "{header}");
            }
        }
        // the public key as an HMAC secret
        let hmac = jsonwebtoken::encode(
            &Header { kid: Some(kid.clone()), ..Header::new(Algorithm::HS256) },
            &serde_json::json!({"typ": "access", "aud": ISSUER, "iss": ISSUER, "exp": now.as_second() + 60,
                "iat": 0, "nbf": 0, "sub": access().user, "sid": access().login}),
            &EncodingKey::from_secret(tokens.keys[0].x.as_bytes()),
        )
        .unwrap();
        assert_eq!(tokens.verify::<AccessToken>(&hmac, now), None);
    }

    #[test]
    fn a_secret_is_rotated_while_its_tokens_are_valid() {
        let now: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        let before = TokenKeys::from_secrets(OLD, None).unwrap().sign(&access(), now).unwrap();
        let both = TokenKeys::from_secrets(NEW, Some(OLD)).unwrap();
        assert_eq!(both.verify::<AccessToken>(&before, now), Some(access()));
        let after = both.sign(&access(), now).unwrap();
        assert_eq!(TokenKeys::from_secrets(OLD, None).unwrap().verify::<AccessToken>(&after, now), None);
        assert_eq!(both.jwks()["keys"].as_array().map(Vec::len), Some(2));
        assert!(TokenKeys::from_secrets("short", None).is_err());
        assert!(TokenKeys::from_secrets(NEW, Some("short")).is_err());
    }
}
