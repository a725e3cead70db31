//! Accounts, and the claims that keep their addresses and user names unique.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | U1 | one account, some | table | `USER#{user}` | `#` | [`get`], [`get_strong`], [`some`] |
//! | U2 | the account with this address | table | `EMAIL#{email}` | `#` | [`by_email`] |
//! | U3 | the account with this user name | table | `USERNAME#{username}` | `#` | [`by_username`], [`by_usernames`] |
//! | U4 | all accounts, newest first | gsi1 | `USERS#` | creation | [`page`], [`all`], [`count`] |
//! | U5 | who can make admins, and whether anybody ever could | table | `ADMINS#` | `#` | [`create`], [`replace`] |
//! | U6 | accounts that have a user name, by that | gsi1 | `DIRECTORY#` | user name | [`directory::page`] |
//!
//! An account and its claims change together, in one transaction ([`save`]).

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

/// An account as it lies in the table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    pub id: UserId,
    /// `None` once the account is deleted.
    pub email: Option<EmailAddress>,
    pub username: Option<Username>,
    pub name: String,
    pub avatar: Option<String>,
    pub organization: Option<String>,
    pub role: UserRole,
    pub plan: Plan,
    pub status: AccountState,
    /// By an admin; counts while it holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restriction: Option<AccountRestriction>,
    pub password: Option<PasswordHash>,
    /// When the password or the address last changed: reset tokens from before, and log-ins whose password was judged
    /// before, count no more.
    pub credentials_changed_at: Timestamp,
    pub created_at: Timestamp,
    /// Moves with every change: what a whole item is written over is what was read.
    pub updated_at: Timestamp,
}

/// A password hash in its own notation (`$argon2id$…`). Does not print itself.
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
    /// Neither disabled nor deleted, and not kept out now.
    pub fn is_active(&self, now: Timestamp) -> bool {
        self.status == AccountState::Active && self.active_restriction(now).is_none()
    }

    /// What keeps them out now.
    pub fn active_restriction(&self, now: Timestamp) -> Option<&AccountRestriction> {
        self.restriction.as_ref().filter(|restriction| restriction.is_in_force(now))
    }

    /// What is left of a deleted account: that there was one.
    fn erased(&self, now: Timestamp) -> Self {
        Self {
            id: self.id,
            email: None,
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
        }
    }
}

/// An address belongs to one account.
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

/// U1.
pub async fn get(store: &Store, user: UserId, now: Timestamp) -> Result<Option<User>> {
    store.get(&key(user), ReadConsistency::Eventual, now).await
}

/// U1, after every write that was acknowledged before: where a password is judged or an item written over.
pub async fn get_strong(store: &Store, user: UserId, now: Timestamp) -> Result<Option<User>> {
    store.get(&key(user), ReadConsistency::Strong, now).await
}

/// U1: accounts by their ids, in no order, unknown ones left out. Half a read unit each.
pub async fn get_many(store: &Store, users: &[UserId], now: Timestamp) -> Result<Vec<User>> {
    let keys: Vec<Key> = users.iter().map(|user| key(*user)).collect();
    store.get_many(&keys, ReadConsistency::Eventual, now).await
}

/// U2. Strong: whoever has just registered logs in.
pub async fn id_by_email(store: &Store, email: &EmailAddress, now: Timestamp) -> Result<Option<UserId>> {
    let claim: Option<EmailClaim> = store.get(&email_key(email), ReadConsistency::Strong, now).await?;
    Ok(claim.map(|claim| claim.owner))
}

/// U3. Strong, as U2.
pub async fn id_by_username(store: &Store, username: &Username, now: Timestamp) -> Result<Option<UserId>> {
    let claim: Option<DirectoryEntry> =
        store.get(&username_key(username), ReadConsistency::Strong, now).await?;
    Ok(claim.map(|claim| claim.owner))
}

/// U1: another password, on the condition that the one that was judged still stands. 1 write unit.
pub async fn change_password(
    store: &Store,
    user: &User,
    new: &PasswordHash,
    now: Timestamp,
) -> Result<WriteOutcome> {
    store.update_without_return(&user.key(), password_change(user, new, now)?).await
}

/// The write of [`change_password`], also for the transaction that spends a reset token.
pub(crate) fn password_change(user: &User, new: &PasswordHash, now: Timestamp) -> Result<UpdateExpression> {
    UpdateExpression::new("SET #password = :new, credentials_changed_at = :now, updated_at = :now")
        .with_condition("#status = :active AND #password = :old")
        .name("#password", "password")
        .name("#status", "status")
        .text(":active", "active")
        .text(":now", now)
        .serialized(":old", &user.password)?
        .serialized(":new", new)
}

/// U1: the same password under a stronger hash; whoever changed it meanwhile wins.
pub async fn rehash_password(
    store: &Store,
    user: &User,
    new: &PasswordHash,
    now: Timestamp,
) -> Result<WriteOutcome> {
    let change = UpdateExpression::new("SET #password = :new, updated_at = :now")
        .with_condition("#password = :old")
        .name("#password", "password")
        .text(":now", now)
        .serialized(":old", &user.password)?
        .serialized(":new", new)?;
    store.update_without_return(&user.key(), change).await
}
