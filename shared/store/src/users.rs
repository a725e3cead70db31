//! Accounts.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | U1 | one account | table | `USER#{user}` | `#` | [`get`] |

use jiff::Timestamp;
use model::{UserId, user::{Plan, Role}};
use serde::{Deserialize, Serialize};

use crate::{
    Freshness, Item, Key, Store,
    error::Result,
    table::{Pk, Sk},
};

/// An account as it lies in the table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    pub id: UserId,
    pub email: String,
    pub name: String,
    pub role: Role,
    pub plan: Plan,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Item for User {
    const KIND: &'static str = "user";

    fn key(&self) -> Key {
        key(self.id)
    }
}

pub fn key(user: UserId) -> Key {
    Key::new(&Pk::User(user), &Sk::Self_)
}

/// U1.
pub async fn get(store: &Store, user: UserId, now: Timestamp) -> Result<Option<User>> {
    store.get(&key(user), Freshness::Eventual, now).await
}
