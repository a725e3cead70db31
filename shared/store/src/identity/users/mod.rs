//! Accounts, and the claims that keep their addresses and user names unique.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | IDENTITY-1 | one account, or several by their ids | table | `USER#{user}` | `#` | [`get`], [`get_strong`], [`get_many`] |
//! | IDENTITY-2 | the account with this address | table | `EMAIL#{email}` | `#` | [`id_by_email`] |
//! | IDENTITY-3 | the account with this user name | table | `USERNAME#{username}` | `#` | [`id_by_username`], [`list_by_usernames`] |
//! | IDENTITY-4 | all accounts, newest first | gsi1 | `USERS#` | creation | [`page`], [`list_matching`], [`count`] |
//! | IDENTITY-5 | the super admins, and whether there has ever been one | table | `ADMINS#` | `#` | [`create`], [`replace`] |
//! | IDENTITY-6 | accounts with a user name, by user name | gsi1 | `DIRECTORY#` | user name | [`directory::page`] |
//!
//! An account and its claims change in one transaction (`save.rs`).

mod change_password;
pub mod directory;
mod list;
mod save;
mod update_profile;

use std::fmt;

use jiff::Timestamp;
use model::{
    UserId,
    plan::Plan,
    user::{AccountRestriction, AccountState, EmailAddress, UserRole, Username},
};
use serde::{Deserialize, Serialize};

pub use self::{
    change_password::change_password,
    directory::{DirectoryEntry, list_by_usernames},
    list::{count, list_matching, page},
    save::{UserSaveOutcome, create, create_with_audit, erase, replace, replace_with_audit},
    update_profile::{ProfileUpdate, update_profile},
};
use crate::{
    Item, Key, ReadConsistency, Store, UpdateExpression, WriteOutcome,
    dynamodb::{
        error::Result,
        item::sortable_timestamp,
        key::{Gsi1Partition, PartitionKey, SortKey},
    },
};

/// An account as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    pub id: UserId,
    /// `None` after the account was deleted.
    pub email: Option<EmailAddress>,
    /// When the owner proved that the address is theirs. `None` for an address that is not proven. A new address is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email_verified_at: Option<Timestamp>,
    pub username: Option<Username>,
    pub name: String,
    pub avatar: Option<String>,
    pub organization: Option<String>,
    pub role: UserRole,
    pub plan: Plan,
    pub status: AccountState,
    /// The restriction that an admin set. It may have expired.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restriction: Option<AccountRestriction>,
    pub password: Option<PasswordHash>,
    /// When the password or the address last changed. Reset tokens and password checks from before that time are
    /// invalid.
    pub credentials_changed_at: Timestamp,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// Optimistic-lock version. It starts at 1 and grows with every change. The time of the last change cannot serve as
    /// one, because two changes can have the same time.
    pub version: u64,
}

/// A password hash in its own notation (`$argon2id$…`). `Debug` does not print it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PasswordHash(String);

impl PasswordHash {
    pub const fn new(encoded: String) -> Self {
        Self(encoded)
    }

    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

impl Item for User {
    const KIND: &'static str = "user";

    fn key(&self) -> Key {
        key(self.id)
    }

    fn gsi1(&self) -> Option<(Gsi1Partition, String)> {
        let is_there = self.status != AccountState::Deleted;
        is_there
            .then(|| (Gsi1Partition::Users, format!("{}#{}", sortable_timestamp(self.created_at), self.id)))
    }
}

impl User {
    /// Whether the account is neither disabled, deleted nor restricted at `now`.
    pub fn is_active(&self, now: Timestamp) -> bool {
        self.status == AccountState::Active && self.active_restriction(now).is_none()
    }

    /// Returns the address if it is verified.
    pub fn verified_email(&self) -> Option<&EmailAddress> {
        self.email.as_ref().filter(|_| self.email_verified_at.is_some())
    }

    /// Returns the account with another address, which is not verified, at a time.
    #[must_use]
    pub fn with_email(&self, email: EmailAddress, now: Timestamp) -> Self {
        if self.email.as_ref() == Some(&email) {
            return self.clone();
        }
        Self {
            email: Some(email),
            email_verified_at: None,
            // A reset mail to the old address must not set the password any more.
            credentials_changed_at: now,
            ..self.clone()
        }
    }

    /// Returns the restriction that is in force at `now`.
    pub fn active_restriction(&self, now: Timestamp) -> Option<&AccountRestriction> {
        self.restriction.as_ref().filter(|restriction| restriction.is_in_force(now))
    }

    /// Returns the item that remains of a deleted account.
    fn erased(&self, now: Timestamp) -> Self {
        Self {
            id: self.id,
            email: None,
            email_verified_at: None,
            username: None,
            name: "Deleted account".into(),
            avatar: None,
            organization: None,
            role: UserRole::Member,
            plan: Plan::Free,
            status: AccountState::Deleted,
            restriction: None,
            password: None,
            credentials_changed_at: now,
            created_at: self.created_at,
            updated_at: now,
            version: self.version + 1,
        }
    }
}

/// The claim of an address, which belongs to one account.
#[derive(Debug, Serialize, Deserialize)]
struct EmailClaim {
    email: EmailAddress,
    owner: UserId,
}

impl Item for EmailClaim {
    const KIND: &'static str = "email_claim";

    fn key(&self) -> Key {
        email_key(&self.email)
    }
}

pub fn key(user: UserId) -> Key {
    Key::new(&PartitionKey::User(user), &SortKey::Self_)
}

fn email_key(email: &EmailAddress) -> Key {
    Key::new(&PartitionKey::Email(email.as_str()), &SortKey::Self_)
}

fn username_key(username: &Username) -> Key {
    Key::new(&PartitionKey::Username(&username.folded()), &SortKey::Self_)
}

/// IDENTITY-1. Returns an account, eventually consistent.
pub async fn get(store: &Store, user: UserId, now: Timestamp) -> Result<Option<User>> {
    store.get(&key(user), ReadConsistency::Eventual, now).await
}

/// IDENTITY-1. Returns an account after every write that was acknowledged before, for checks of a password and for
/// replacements.
pub async fn get_strong(store: &Store, user: UserId, now: Timestamp) -> Result<Option<User>> {
    store.get(&key(user), ReadConsistency::Strong, now).await
}

/// IDENTITY-1. Returns accounts by their ids, in no order. Unknown ids are left out. 0.5 read units each.
pub async fn get_many(store: &Store, users: &[UserId], now: Timestamp) -> Result<Vec<User>> {
    let keys: Vec<Key> = users.iter().map(|user| key(*user)).collect();
    store.get_many(&keys, ReadConsistency::Eventual, now).await
}

/// IDENTITY-2. Returns the account with this address. Strong, because a user logs in right after registering.
pub async fn id_by_email(store: &Store, email: &EmailAddress, now: Timestamp) -> Result<Option<UserId>> {
    let claim: Option<EmailClaim> = store.get(&email_key(email), ReadConsistency::Strong, now).await?;
    Ok(claim.map(|claim| claim.owner))
}

/// IDENTITY-3. Returns the account with this user name. Strong, because a user logs in right after registering.
pub async fn id_by_username(store: &Store, username: &Username, now: Timestamp) -> Result<Option<UserId>> {
    let claim: Option<DirectoryEntry> =
        store.get(&username_key(username), ReadConsistency::Strong, now).await?;
    Ok(claim.map(|claim| claim.owner))
}

/// IDENTITY-1. Marks the address of an active account as verified. The condition fails if the account has another address. 1 write
/// unit, and 1 for the index.
pub async fn verify_email(
    store: &Store,
    user: UserId,
    email: &EmailAddress,
    now: Timestamp,
) -> Result<WriteOutcome> {
    let change = UpdateExpression::new(
        "SET email_verified_at = if_not_exists(email_verified_at, :now), updated_at = :now, version = version + :one",
    )
    .with_condition("email = :email AND #status = :active")
    .name("#status", "status")
    .text(":active", "active")
    .text(":email", email)
    .text(":now", now)
    .number(":one", 1);
    store.update_without_return(&key(user), change).await
}

/// Returns the write of [`change_password`], which the redemption of a reset token uses too. Such a token proves the address to which
/// it was mailed.
pub(crate) fn password_change(
    user: &User,
    new: &PasswordHash,
    proves_email: bool,
    now: Timestamp,
) -> Result<UpdateExpression> {
    let verified =
        if proves_email { ", email_verified_at = if_not_exists(email_verified_at, :now)" } else { "" };
    let set = format!(
        "SET #password = :new, credentials_changed_at = :now, updated_at = :now, version = version + :one{verified}"
    );
    UpdateExpression::new(set)
        .with_condition("#status = :active AND #password = :old AND version = :read")
        .number(":one", 1)
        .number(":read", user.version)
        .name("#password", "password")
        .name("#status", "status")
        .text(":active", "active")
        .text(":now", now)
        .serialized(":old", &user.password)?
        .serialized(":new", new)
}

/// IDENTITY-1. Stores a stronger hash of the same password. The condition fails if the password has changed.
pub async fn rehash_password(
    store: &Store,
    user: &User,
    new: &PasswordHash,
    now: Timestamp,
) -> Result<WriteOutcome> {
    let change = UpdateExpression::new("SET #password = :new, updated_at = :now, version = version + :one")
        .with_condition("#password = :old")
        .number(":one", 1)
        .name("#password", "password")
        .text(":now", now)
        .serialized(":old", &user.password)?
        .serialized(":new", new)?;
    store.update_without_return(&user.key(), change).await
}
