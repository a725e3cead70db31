//! Log-ins: one account on one device, the family of its refresh tokens.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | L1 | one log-in of an account | table | `USER#{user}` | `LOGIN#{login}` | [`get`] |
//! | L2 | all log-ins of an account | table | `USER#{user}` | `LOGIN#…` | [`list`] |

use jiff::Timestamp;
use model::{LoginId, UserId};
use serde::{Deserialize, Serialize};

use crate::{
    Freshness, Item, Key, Query, Store,
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

/// L2.
pub async fn list(store: &Store, user: UserId, now: Timestamp) -> Result<Vec<Login>> {
    store.query_all(Query::starting(&Pk::User(user), prefix::LOGIN).strong(), now).await
}
