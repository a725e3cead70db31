//! How someone wants to be told of what they have missed.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | F5 | someone's preferences | table | `CHAT#{user}` | `PREFERENCES` | [`get`], [`put`] |

use jiff::Timestamp;
use model::{UserId, notification::Preferences};
use serde::{Deserialize, Serialize};

use crate::{
    Freshness, Item, Key, Store,
    error::Result,
    table::{Pk, Sk},
};

#[derive(Debug, Serialize, Deserialize)]
struct Preferred {
    user: UserId,
    preferences: Preferences,
}

impl Item for Preferred {
    const KIND: &'static str = "preferences";

    fn key(&self) -> Key {
        key(self.user)
    }
}

fn key(user: UserId) -> Key {
    Key::new(&Pk::Chat(user), &Sk::Preferences)
}

/// F5: those of whoever has said nothing are the default ones.
pub async fn get(store: &Store, user: UserId, freshness: Freshness, now: Timestamp) -> Result<Preferences> {
    let found: Option<Preferred> = store.get(&key(user), freshness, now).await?;
    Ok(found.map(|found| found.preferences).unwrap_or_default())
}

/// F5. 1 write unit.
pub async fn put(store: &Store, user: UserId, preferences: Preferences) -> Result<()> {
    store.put(&Preferred { user, preferences }).await
}
