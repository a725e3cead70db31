//! Password resets, by the hashes of their tokens.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | IDENTITY-9 | the reset of this token | table | `RESET#{hash}` | `#` | [`create`], [`get`], [`redeem`] |

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use model::UserId;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    ConditionExpression, Item, Key, ReadConsistency, Store, TransactWrite, WriteOutcome,
    dynamodb::{
        error::Result,
        key::{PartitionKey, SortKey},
    },
    identity::{
        login_revocations::{self, LoginRevocation},
        users::{self, PasswordHash, User},
    },
};

/// One hour (contract presentations A1.2).
const TOKEN_LIFETIME: SignedDuration = SignedDuration::from_hours(1);

/// The right to set an account's password once. Only the e-mail contains the token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordReset {
    hash: String,
    pub user: UserId,
    pub created_at: Timestamp,
    expires_at: Timestamp,
}

impl Item for PasswordReset {
    const KIND: &'static str = "password_reset";

    fn key(&self) -> Key {
        key(&self.hash)
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.expires_at)
    }
}

fn key(hash: &str) -> Key {
    Key::new(&PartitionKey::PasswordReset(hash), &SortKey::Self_)
}

/// Hashes a token. A token is random and long, so a fast hash without salt hides it.
fn token_hash(token: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(token))
}

/// IDENTITY-9. Creates a reset. 1 write unit.
pub async fn create(store: &Store, token: &str, user: UserId, now: Timestamp) -> Result<()> {
    store
        .put(&PasswordReset {
            hash: token_hash(token),
            user,
            created_at: now,
            expires_at: now + TOKEN_LIFETIME,
        })
        .await
}

/// IDENTITY-9. Returns the reset of a token, unless it has expired.
pub async fn get(store: &Store, token: &str, now: Timestamp) -> Result<Option<PasswordReset>> {
    store.get(&key(&token_hash(token)), ReadConsistency::Strong, now).await
}

/// IDENTITY-9, IDENTITY-1, IDENTITY-14. Spends the token, sets the password and ends the log-ins of the old one in one transaction. Of concurrent requests with one
/// token, one succeeds. The condition also fails if the account has changed since it was read.
///
/// The token was mailed to the address of the account, so the address is verified afterwards. A change of the address in the
/// millisecond of the request is the exception, because then it is not known which address got the mail.
pub async fn redeem(
    store: &Store,
    reset: &PasswordReset,
    user: &User,
    new: &PasswordHash,
    revocation: &LoginRevocation,
    now: Timestamp,
) -> Result<WriteOutcome> {
    let proves_email = user.credentials_changed_at < reset.created_at;
    let spent = TransactWrite::delete(reset.key(), ConditionExpression::exists());
    let changed = TransactWrite::update(user.key(), users::password_change(user, new, proves_email, now)?);
    let revoked = login_revocations::revocation_write(revocation)?;
    Ok(store.transact(vec![("reset", spent), ("password", changed), ("revocation", revoked)]).await?.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_item_does_not_hold_the_token() {
        let now = "2026-11-21T12:00:00Z".parse().unwrap();
        let reset = PasswordReset {
            hash: token_hash("token"),
            user: uuid::Uuid::nil().into(),
            created_at: now,
            expires_at: now + TOKEN_LIFETIME,
        };
        let item = serde_json::to_string(&reset).unwrap();
        assert!(!item.contains("token\""), "{item}");
        assert_eq!(reset.key().pk, format!("RESET#{}", token_hash("token")));
    }
}
