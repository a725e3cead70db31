//! Log-ins: one account on one device, the family of its refresh tokens.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | L1 | one log-in of an account | table | `USER#{user}` | `LOGIN#{login}` | [`get`], [`get_strong`], [`create`], [`rotate`], [`end`] |
//! | L2 | all log-ins of an account, newest first | table | `USER#{user}` | `LOGIN#…` | [`list`] |

use jiff::Timestamp;
use model::{LoginId, UserId};
use serde::{Deserialize, Serialize};

use crate::{
    Change, Condition, Freshness, Item, Key, Query, Store, Written,
    error::Result,
    table::{Pk, Sk, prefix},
};

/// A log-in. While it is there its access tokens count; deleting it ends them with the next request.
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
}

impl Item for Login {
    const KIND: &'static str = "login";

    fn key(&self) -> Key {
        key(self.user, self.id)
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.expires_at)
    }
}

pub fn key(user: UserId, login: LoginId) -> Key {
    Key::new(&Pk::User(user), &Sk::Login(login))
}

/// L1. Every authorised request asks this: 0.5 read units.
pub async fn get(store: &Store, user: UserId, login: LoginId, now: Timestamp) -> Result<Option<Login>> {
    store.get(&key(user, login), Freshness::Eventual, now).await
}

/// L1, after every rotation that was acknowledged before.
pub async fn get_strong(
    store: &Store,
    user: UserId,
    login: LoginId,
    now: Timestamp,
) -> Result<Option<Login>> {
    store.get(&key(user, login), Freshness::Strong, now).await
}

/// L1: 1 write unit.
pub async fn create(store: &Store, login: &Login) -> Result<()> {
    store.put(login).await
}

/// L1: the next generation, on the condition that it is the next. 1 write unit.
pub async fn rotate(store: &Store, login: &Login, now: Timestamp) -> Result<Written<Login>> {
    let change = Change::new("SET generation = :next, rotated_at = :now")
        .only_if("generation = :current")
        .number(":current", login.generation)
        .number(":next", login.generation + 1)
        .text(":now", now);
    store.update(&login.key(), change).await
}

/// L1: ends a log-in; `None` where there was none. 1 write unit.
pub async fn end(store: &Store, user: UserId, login: LoginId, now: Timestamp) -> Result<Option<Login>> {
    store.take(&key(user, login), Condition::exists(), now).await
}

/// L2. Strong: a log-in that is not on the list must not live on.
pub async fn list(store: &Store, user: UserId, now: Timestamp) -> Result<Vec<Login>> {
    store.query_all(Query::starting(&Pk::User(user), prefix::LOGIN).strong().newest_first(), now).await
}
