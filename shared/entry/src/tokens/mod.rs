//! Tokens are JWTs with Ed25519 signatures. The keys are derived from secret strings, so Secrets Manager can generate
//! the secrets and no key file is needed. The newest secret signs, and all secrets verify, which allows rotation.
//!
//! Only the functions that sign have the secrets ([`signing_keys`]). They publish the public keys in the table, and every
//! function verifies with the published keys ([`key_set`]), which it reads again every five minutes and at a token of an
//! unknown key. A flaw in any other function, such as in a decoder of images, can therefore not sign a token.
//!
//! | `typ` claim | holder | lifetime |
//! | --- | --- | --- |
//! | `access` | an account on one log-in | 15 min |
//! | `refresh` | a log-in, with the generation of its tokens | 30 days from log-in, regardless of rotation |
//! | `participant` | a participant of a session, with or without an account | 24 h |
//! | `ticket` | the right to open one socket | 60 s |
//! | `report` | the right to read the report of one session | 30 days |
//!
//! The links that turn off e-mails are no such tokens, because functions without the secret make them ([`unsubscribe_link`]).

mod key_set;
mod keyed_hash;
mod signing_keys;
mod token_claims;
mod unsubscribe_link;
mod verified_tokens;

use std::sync::{Arc, PoisonError, RwLock};

use jiff::{SignedDuration, Timestamp};
use model::{Error, LoginId, ParticipantId, SessionId, UserId};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use store::{
    Store, WriteOutcome,
    platform::deployment_keys::{self, DeploymentKeys},
};
use tokio::sync::Mutex;
use uuid::Uuid;

use self::{
    key_set::{KeySet, UnknownKey},
    signing_keys::SigningKeys,
};
use crate::{Environment, StartError};

pub use self::unsubscribe_link::UnsubscribeLink;

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
impl TokenKind for SocketTicket {
    const TYPE: &'static str = "ticket";
    const LIFE: SignedDuration = TICKET_LIFETIME;
}

/// The kinds that their holder sends with many requests. An instance remembers that their signature is valid. The others are used
/// once.
const REUSED_TYPES: [&str; 2] = [AccessToken::TYPE, ParticipantToken::TYPE];

/// The longest time that a key which is no longer published is accepted. `/.well-known/jwks.json` may be cached as long.
const KEYS_LIFETIME: SignedDuration = SignedDuration::from_mins(5);
/// The shortest time between two reads that unknown keys cause. Strangers can send any number of unknown keys.
const UNKNOWN_KEY_PAUSE: SignedDuration = SignedDuration::from_secs(1);

/// The keys of a deployment. Cheap to clone.
#[derive(Clone)]
pub struct TokenKeys(Arc<TokenKeysState>);

struct TokenKeysState {
    store: Store,
    /// `None` in a function that only verifies.
    signing: Option<SigningKeys>,
    published: RwLock<Option<Arc<KeySet>>>,
    /// Held while the keys are read, so that concurrent requests read them once.
    reading: Mutex<()>,
}

impl TokenKeys {
    /// Reads `SIGNING_SECRET`, which only functions that sign have.
    ///
    /// # Errors
    /// Returns `InvalidSetting` for a malformed secret.
    pub fn new(environment: &Environment, store: Store) -> Result<Self, StartError> {
        let signing = SigningKeys::read(environment)?;
        Ok(Self(Arc::new(TokenKeysState {
            store,
            signing,
            published: RwLock::default(),
            reading: Mutex::default(),
        })))
    }

    /// Reads the published keys if this instance does not know them yet.
    pub async fn load(&self, now: Timestamp) -> Result<(), Error> {
        if self.known().is_none() {
            self.read(None, now).await?;
        }
        Ok(())
    }

    /// Signs a token that is valid from `now` for the lifetime of its kind.
    ///
    /// # Errors
    /// `Internal` in a function without the signing secret.
    pub async fn sign<T: TokenKind>(&self, subject: &T, now: Timestamp) -> Result<String, Error> {
        self.sign_until(subject, now, now + T::LIFE).await
    }

    /// Signs a token with an explicit end. Equal subjects and times make equal tokens, because Ed25519 signatures are
    /// deterministic. The key is published before its first signature.
    pub async fn sign_until<T: TokenKind>(
        &self,
        subject: &T,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<String, Error> {
        let signing = self.signing()?;
        self.load(from).await?;
        signing.sign(subject, from, until)
    }

    /// Whether this function has the signing secret.
    pub fn has_signing_secret(&self) -> bool {
        self.0.signing.is_some()
    }

    fn signing(&self) -> Result<&SigningKeys, Error> {
        self.0.signing.as_ref().ok_or_else(|| Error::internal("this function has no SIGNING_SECRET"))
    }

    /// Returns the keyed hash of a secret, for the table. A plain hash of a code of six digits would not hide it, because a reader of
    /// the table could try all codes.
    ///
    /// # Errors
    /// `Internal` in a function without the signing secret.
    pub fn keyed_hash(&self, purpose: &str, secret: &str) -> Result<String, Error> {
        Ok(self.signing()?.keyed_hash(purpose, secret))
    }

    /// Returns whether a secret has this keyed hash. The comparison takes the same time for every wrong secret. A hash from before a
    /// rotation of the keys is valid as long as the previous key is. A function without the signing secret knows no hash.
    pub fn matches_keyed_hash(&self, purpose: &str, secret: &str, hash: &str) -> bool {
        self.0.signing.as_ref().is_some_and(|signing| signing.matches_keyed_hash(purpose, secret, hash))
    }

    /// Returns the subject of a token if its signature, kind and time are valid. The signature of a token is checked once
    /// per instance.
    ///
    /// # Errors
    /// `Unavailable` if the keys are not known and cannot be read.
    pub async fn verify<T: TokenKind>(&self, token: &str, now: Timestamp) -> Result<Option<T>, Error> {
        let Some(keys) = self.current(now).await? else { return Ok(None) };
        match keys.verify(token, now) {
            Ok(subject) => return Ok(subject),
            Err(UnknownKey) if now < keys.read_at + UNKNOWN_KEY_PAUSE => return Ok(None),
            Err(UnknownKey) => {}
        }
        let keys = self.read(Some(keys), now).await?;
        Ok(keys.and_then(|keys| keys.verify(token, now).ok().flatten()))
    }

    /// Verifies a token that a request may lack. Returns `None` if it is absent or not valid.
    ///
    /// # Errors
    /// `Unavailable` if the keys are not known and cannot be read.
    pub async fn verify_optional<T: TokenKind>(
        &self,
        token: Option<&str>,
        now: Timestamp,
    ) -> Result<Option<T>, Error> {
        match token {
            Some(token) => self.verify(token, now).await,
            None => Ok(None),
        }
    }

    /// Returns the public keys, as `/.well-known/jwks.json` shows them.
    pub async fn jwks(&self, now: Timestamp) -> Result<serde_json::Value, Error> {
        let keys = self.current(now).await?;
        Ok(keys.map_or_else(|| serde_json::json!({ "keys": [] }), |keys| keys.jwks()))
    }

    /// Returns the published keys, which are at most [`KEYS_LIFETIME`] old unless the table does not answer. Returns `None` if
    /// none are published, so no valid token exists.
    async fn current(&self, now: Timestamp) -> Result<Option<Arc<KeySet>>, Error> {
        match self.known() {
            Some(keys) if now < keys.read_at + KEYS_LIFETIME => Ok(Some(keys)),
            Some(keys) => self.read(Some(keys.clone()), now).await.or_else(|error| {
                tracing::warn!(%error, "the signing keys cannot be read again");
                Ok(Some(keys))
            }),
            None => self.read(None, now).await,
        }
    }

    fn known(&self) -> Option<Arc<KeySet>> {
        self.0.published.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads the published keys in place of `outdated`, unless another call has read them meanwhile.
    ///
    /// The call of the table is boxed, because it is rare and would make the future of every request large.
    async fn read(
        &self,
        outdated: Option<Arc<KeySet>>,
        now: Timestamp,
    ) -> Result<Option<Arc<KeySet>>, Error> {
        let _reading = self.0.reading.lock().await;
        let known = self.known();
        if known.as_ref().map(|keys| keys.read_at) != outdated.as_ref().map(|keys| keys.read_at) {
            return Ok(known);
        }
        let Some(found) = Box::pin(self.find_or_publish()).await? else { return Ok(None) };
        let keys = Arc::new(KeySet::new(&found, outdated.as_deref(), now)?);
        if let Some(newest) = found.shared_secrets.first() {
            self.0.store.set_cursor_secret(newest);
        }
        *self.0.published.write().unwrap_or_else(PoisonError::into_inner) = Some(keys.clone());
        Ok(Some(keys))
    }

    /// Returns the published keys. A function that signs publishes its keys first if they are newer.
    ///
    /// # Errors
    /// `Internal` if other keys are published under the same revision.
    async fn find_or_publish(&self) -> Result<Option<DeploymentKeys>, Error> {
        let store = &self.0.store;
        let found = deployment_keys::get(store).await?;
        let Some(own) = self.0.signing.as_ref().map(SigningKeys::public) else { return Ok(found) };
        let found = match found {
            Some(found) if found.revision >= own.revision => Some(found),
            _ => match deployment_keys::publish(store, own).await? {
                WriteOutcome::Applied(()) => return Ok(Some(own.clone())),
                WriteOutcome::ConditionFailed => deployment_keys::get(store).await?,
            },
        };
        if found.as_ref().is_some_and(|found| found.revision == own.revision && found != own) {
            return Err(Error::internal(format!(
                "revision {} of the signing secret is published with other keys: increase `revision`",
                own.revision
            )));
        }
        Ok(found)
    }
}
