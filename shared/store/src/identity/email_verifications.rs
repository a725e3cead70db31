//! Proofs of e-mail addresses that are under way.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | IDENTITY-17 | the proof of an account's address that is under way | table | `USER#{user}` | `EMAIL_VERIFICATION` | [`get`], [`put`], [`count_attempt`] |
//!
//! An account has one. A new one replaces the old one, so that only the codes of the newest mail are valid. It stays after it has
//! succeeded, until it expires, so that a repeated confirmation succeeds too.

use jiff::{SignedDuration, Timestamp};
use model::{UserId, user::EmailAddress};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    Item, Key, ReadConsistency, Store, UpdateExpression, WriteOutcome,
    dynamodb::{
        error::Result,
        key::{PartitionKey, SortKey},
    },
};

/// The time for which a code and a link are valid.
pub const VERIFICATION_LIFETIME: SignedDuration = SignedDuration::from_mins(15);
/// Codes that may be tried. Of a million codes, 5 tries find one with a probability of 1 in 200,000.
pub const MAX_CODE_ATTEMPTS: u32 = 5;

/// A code and a link that were mailed to an address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmailVerification {
    pub user: UserId,
    /// Differs for each mail. It is part of what is hashed.
    pub id: Uuid,
    /// The address that the code and the link prove, and no other.
    pub email: EmailAddress,
    /// The keyed hash of the code, if the mail has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_hash: Option<String>,
    /// The hash of the token of the link.
    pub token_hash: String,
    /// Codes that were tried.
    pub attempts: u32,
    pub expires_at: Timestamp,
}

impl Item for EmailVerification {
    const KIND: &'static str = "email_verification";

    fn key(&self) -> Key {
        key(self.user)
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.expires_at)
    }
}

fn key(user: UserId) -> Key {
    Key::new(&PartitionKey::User(user), &SortKey::EmailVerification)
}

/// IDENTITY-17. Stores a verification and replaces the one before. 1 write unit.
pub async fn put(store: &Store, verification: &EmailVerification) -> Result<()> {
    store.put(verification).await
}

/// IDENTITY-17. Returns the verification of an account, unless it has expired.
pub async fn get(store: &Store, user: UserId, now: Timestamp) -> Result<Option<EmailVerification>> {
    store.get(&key(user), ReadConsistency::Strong, now).await
}

/// IDENTITY-17. Counts a try before its code is compared, so that concurrent tries are no more than sequential ones. The condition
/// fails if no try is left, or if a newer verification has replaced this one. 1 write unit.
pub async fn count_attempt(store: &Store, verification: &EmailVerification) -> Result<WriteOutcome> {
    let change = UpdateExpression::new("SET attempts = attempts + :one")
        .with_condition("id = :id AND attempts < :most")
        .number(":one", 1)
        .number(":most", MAX_CODE_ATTEMPTS)
        .text(":id", verification.id);
    store.update_without_return(&verification.key(), change).await
}
