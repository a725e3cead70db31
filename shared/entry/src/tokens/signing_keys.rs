//! The private keys of tokens. Only functions that sign have them.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use ed25519_dalek::SigningKey;
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use model::Error;
use serde::Deserialize;
use store::platform::deployment_keys::DeploymentKeys;

use super::{
    ISSUER, TokenKind,
    key_set::key_id,
    keyed_hash::{derive_key, keyed_hash, matches},
    token_claims::TokenClaims,
};
use crate::{Environment, StartError};

/// The setting, which functions that only verify do not have.
const SIGNING_SECRET: &str = "SIGNING_SECRET";
/// Stands for no previous secret.
const NO_SECRET: &str = "none";

/// The value of `SIGNING_SECRET`, a JSON object.
#[derive(Deserialize)]
struct SigningSecret {
    current: String,
    previous: String,
    /// A number as text, because the values of a secret are texts.
    revision: String,
}

/// The newest private key, and what is published with it.
pub(super) struct SigningKeys {
    id: String,
    newest: EncodingKey,
    /// The newest first.
    secrets: Vec<String>,
    public: DeploymentKeys,
}

impl SigningKeys {
    /// Reads the setting. Returns `None` in a function without it.
    ///
    /// # Errors
    /// Returns `InvalidSetting` if a field is missing, or for a secret of fewer than 32 characters.
    pub(super) fn read(environment: &Environment) -> Result<Option<Self>, StartError> {
        environment.get(SIGNING_SECRET).map(Self::parse).transpose()
    }

    /// Derives one key per secret. The newest key signs, and all keys are published.
    pub(super) fn parse(text: &str) -> Result<Self, StartError> {
        // The error of the parser would show a part of the secret.
        let secret: SigningSecret = serde_json::from_str(text).map_err(|_| {
            StartError::invalid(
                SIGNING_SECRET,
                "must be JSON with the texts `current`, `previous` and `revision`",
            )
        })?;
        let revision = secret.revision.parse();
        let revision =
            revision.map_err(|_| StartError::invalid(SIGNING_SECRET, "must have a number in `revision`"))?;
        let mut secrets = vec![secret.current];
        // the template sets `none` for a deployment whose secret was never rotated
        if secret.previous != NO_SECRET {
            secrets.push(secret.previous);
        }
        let mut pairs = secrets.iter().map(|secret| key_pair(secret)).collect::<Result<Vec<_>, _>>()?;
        let public_keys: Vec<String> = pairs.iter().map(|(_, public)| public.clone()).collect();
        let shared = |secret: &String| BASE64_URL_SAFE_NO_PAD.encode(derive_key(secret, "shared"));
        Ok(Self {
            id: key_id(&public_keys[0]),
            newest: pairs.swap_remove(0).0,
            public: DeploymentKeys {
                revision,
                public_keys,
                shared_secrets: secrets.iter().map(shared).collect(),
            },
            secrets,
        })
    }

    /// What the other functions need.
    pub(super) const fn public(&self) -> &DeploymentKeys {
        &self.public
    }

    pub(super) fn keyed_hash(&self, purpose: &str, text: &str) -> String {
        keyed_hash(&self.secrets[0], purpose, text)
    }

    pub(super) fn matches_keyed_hash(&self, purpose: &str, text: &str, hash: &str) -> bool {
        matches(&self.secrets, purpose, text, hash)
    }

    pub(super) fn sign<T: TokenKind>(
        &self,
        subject: &T,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<String, Error> {
        let header = Header { kid: Some(self.id.clone()), ..Header::new(Algorithm::EdDSA) };
        let claims = TokenClaims {
            iss: ISSUER.into(),
            aud: ISSUER.into(),
            typ: T::TYPE.into(),
            iat: from.as_second(),
            nbf: from.as_second(),
            exp: until.as_second(),
            subject,
        };
        jsonwebtoken::encode(&header, &claims, &self.newest).map_err(Error::internal)
    }
}

/// Derives the private key of a secret, and its public key in base64url.
fn key_pair(secret: &str) -> Result<(EncodingKey, String), StartError> {
    if secret.len() < 32 {
        let why = "must have at least 32 characters in `current` and `previous`";
        return Err(StartError::invalid(SIGNING_SECRET, why));
    }
    let seed = derive_key(secret, "ed25519");
    let public = SigningKey::from_bytes(&seed).verifying_key().to_bytes();
    // RFC 8410: a PKCS#8 v1 envelope around the 32 bytes of the seed
    let mut der =
        vec![0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
    der.extend(seed);
    Ok((EncodingKey::from_ed_der(&der), BASE64_URL_SAFE_NO_PAD.encode(public)))
}
