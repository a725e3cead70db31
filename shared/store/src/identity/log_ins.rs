//! Log-ins: one account on one device, the family of its refresh tokens.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | L1 | one log-in of an account | table | `USER#{user}` | `LOGIN#{login}` | [`get`], [`get_strong`], [`create`], [`rotate`], [`end`], [`forget`] |
//! | L2 | all log-ins of an account, newest first | table | `USER#{user}` | `LOGIN#…` | [`list`] |

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

/// Whoever ends a log-in has closed its sockets by then; if not, the clock has it done.
const SOCKET_CLOSE_PERIOD: SignedDuration = SignedDuration::from_secs(60);

/// A log-in. While it is there, and has not ended, its access tokens count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Login {
    pub user: UserId,
    pub id: LoginId,
    /// Of the refresh token that is good now; rises by one with every rotation.
    pub generation: u64,
    pub rotated_at: Timestamp,
    pub created_at: Timestamp,
    /// Absolute: rotation does not move it.
    pub expires_at: Timestamp,
    pub user_agent: Option<String>,
    pub ip: Option<String>,
    /// Its tokens count no more; it lies here until its sockets are closed.
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

/// L1. Every authorised request asks this: 0.5 read units.
pub async fn get(store: &Store, user: UserId, login: LoginId, now: Timestamp) -> Result<Option<Login>> {
    Ok(store.get(&key(user, login), ReadConsistency::Eventual, now).await?.filter(is_valid))
}

const fn is_valid(login: &Login) -> bool {
    login.ended_at.is_none()
}

/// L1, after every rotation that was acknowledged before.
pub async fn get_strong(
    store: &Store,
    user: UserId,
    login: LoginId,
    now: Timestamp,
) -> Result<Option<Login>> {
    Ok(store.get(&key(user, login), ReadConsistency::Strong, now).await?.filter(is_valid))
}

/// L1: 1 write unit.
pub async fn create(store: &Store, login: &Login) -> Result<()> {
    store.put(login).await
}

/// L1: the next generation, on the condition that it is the next. 1 write unit.
pub async fn rotate(store: &Store, login: &Login, now: Timestamp) -> Result<WriteOutcome<Login>> {
    let change = UpdateExpression::new("SET generation = :next, rotated_at = :now")
        .with_condition("generation = :current AND attribute_not_exists(ended_at)")
        .number(":current", login.generation)
        .number(":next", login.generation + 1)
        .text(":now", now);
    store.update(&login.key(), change).await
}

/// L1: ends a log-in; says whether there was one. Not by deleting it: whoever ends it may break off before its sockets
/// are closed, and then it falls due. 2 write units, one of them for the index.
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

/// L1: its sockets are closed: deletes a log-in that has ended. 2 write units.
pub async fn delete_ended(store: &Store, user: UserId, login: LoginId) -> Result<()> {
    store.delete_if(&key(user, login), ConditionExpression::new("attribute_exists(ended_at)")).await
}

/// L2. Strong: a log-in that is not on the list must not live on.
pub async fn list(store: &Store, user: UserId, now: Timestamp) -> Result<Vec<Login>> {
    let query = Query::with_prefix(&PartitionKey::User(user), prefix::LOGIN).strong().newest_first();
    Ok(store.query_all(query, now).await?.into_iter().filter(is_valid).collect())
}
