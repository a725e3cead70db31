//! Log-ins. A log-in is one account on one device, with the family of its refresh tokens.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | IDENTITY-7 | one log-in of an account | table | `USER#{user}` | `LOGIN#{login}` | [`get`], [`get_strong`], [`create`], [`rotate`], [`end`], [`delete_ended`] |
//! | IDENTITY-8 | all log-ins of an account, newest first | table | `USER#{user}` | `LOGIN#…` | [`list`] |

use jiff::{SignedDuration, Timestamp};
use model::{LoginId, UserId};
use serde::{Deserialize, Serialize};

use crate::{
    ConditionExpression, Item, Key, Query, ReadConsistency, Store, UpdateExpression, WriteOutcome,
    dynamodb::{
        error::Result,
        item::{DUE_SHARD, sortable_timestamp},
        key::{PartitionKey, SortKey, prefix},
    },
};

/// The request that ends a log-in closes its sockets within this time. If it dies, the clock has them closed.
const SOCKET_CLOSE_PERIOD: SignedDuration = SignedDuration::from_secs(60);

/// A log-in. Its access tokens are valid while it exists and has not ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Login {
    pub user: UserId,
    pub id: LoginId,
    /// The generation of the refresh token that is valid now. It rises by one with every rotation.
    pub generation: u64,
    pub rotated_at: Timestamp,
    pub created_at: Timestamp,
    /// Absolute, so that rotation does not move it.
    pub expires_at: Timestamp,
    pub user_agent: Option<String>,
    pub ip: Option<String>,
    /// The version of the account when its credentials were checked for this log-in.
    #[serde(default)]
    pub account_version: u64,
    /// From then on its tokens are invalid. The row stays until its sockets are closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
}

impl Item for Login {
    const KIND: &'static str = "login";

    fn key(&self) -> Key {
        key(self.user, self.id)
    }

    fn due(&self) -> Option<Timestamp> {
        self.ended_at.map(|ended| ended + SOCKET_CLOSE_PERIOD)
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.expires_at)
    }
}

pub fn key(user: UserId, login: LoginId) -> Key {
    Key::new(&PartitionKey::User(user), &SortKey::Login(login))
}

/// IDENTITY-7. Returns a log-in that has not ended. Every authorized request calls it. 0.5 read units.
pub async fn get(store: &Store, user: UserId, login: LoginId, now: Timestamp) -> Result<Option<Login>> {
    Ok(store.get(&key(user, login), ReadConsistency::Eventual, now).await?.filter(is_valid))
}

const fn is_valid(login: &Login) -> bool {
    login.ended_at.is_none()
}

/// IDENTITY-7. Returns a log-in after every rotation that was acknowledged before.
pub async fn get_strong(
    store: &Store,
    user: UserId,
    login: LoginId,
    now: Timestamp,
) -> Result<Option<Login>> {
    Ok(store.get(&key(user, login), ReadConsistency::Strong, now).await?.filter(is_valid))
}

/// IDENTITY-7. Creates a log-in. 1 write unit.
pub async fn create(store: &Store, login: &Login) -> Result<()> {
    store.put(login).await
}

/// IDENTITY-7. Advances the generation, if no concurrent request has advanced it. 1 write unit.
pub async fn rotate(store: &Store, login: &Login, now: Timestamp) -> Result<WriteOutcome<Login>> {
    let change = UpdateExpression::new("SET generation = :next, rotated_at = :now")
        .with_condition("generation = :current AND attribute_not_exists(ended_at)")
        .number(":current", login.generation)
        .number(":next", login.generation + 1)
        .text(":now", now);
    store.update(&login.key(), change).await
}

/// IDENTITY-7. Ends a log-in, and returns whether there was one. 2 write units, one of them for the index.
///
/// The row is not deleted. The request may die before the sockets are closed, and then the row becomes due.
pub async fn end(store: &Store, user: UserId, login: LoginId, now: Timestamp) -> Result<bool> {
    let change = UpdateExpression::new("SET ended_at = :now, due_shard = :shard, due_at = :due")
        .with_condition("attribute_not_exists(ended_at) AND #ttl > :second")
        .name("#ttl", "ttl")
        .number(":second", now.as_second())
        .text(":now", now)
        .text(":shard", DUE_SHARD)
        .text(":due", sortable_timestamp(now + SOCKET_CLOSE_PERIOD));
    Ok(store.update_without_return(&key(user, login), change).await? == WriteOutcome::Applied(()))
}

/// IDENTITY-7. Deletes a log-in that has ended, after its sockets were closed. 2 write units.
pub async fn delete_ended(store: &Store, user: UserId, login: LoginId) -> Result<()> {
    store.delete_if(&key(user, login), ConditionExpression::new("attribute_exists(ended_at)")).await
}

/// IDENTITY-8. Returns all log-ins of an account that have not ended. Strong, because a log-in that is missing in the
/// list would stay valid.
pub async fn list(store: &Store, user: UserId, now: Timestamp) -> Result<Vec<Login>> {
    let query = Query::with_prefix(&PartitionKey::User(user), prefix::LOGIN).strong().newest_first();
    Ok(store.query_all(query, now).await?.into_iter().filter(is_valid).collect())
}
