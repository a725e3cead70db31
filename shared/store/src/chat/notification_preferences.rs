//! How someone wants to be told of what they have missed.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | F5 | someone's preferences | table | `CHAT#{user}` | `PREFERENCES` | [`get`], [`put`] |

use jiff::Timestamp;
use model::{UserId, notification::NotificationPreferences};
use serde::{Deserialize, Serialize};

use crate::{
    Item, Key, ReadConsistency, Store,
    dynamodb::{
        error::Result,
        key::{PartitionKey, SortKey},
    },
};

#[derive(Debug, Serialize, Deserialize)]
struct StoredPreferences {
    user: UserId,
    preferences: NotificationPreferences,
}

impl Item for StoredPreferences {
    const KIND: &'static str = "preferences";

    fn key(&self) -> Key {
        key(self.user)
    }
}

fn key(user: UserId) -> Key {
    Key::new(&PartitionKey::Chat(user), &SortKey::Preferences)
}

/// F5: those of whoever has said nothing are the default ones.
pub async fn get(
    store: &Store,
    user: UserId,
    freshness: ReadConsistency,
    now: Timestamp,
) -> Result<NotificationPreferences> {
    let found: Option<StoredPreferences> = store.get(&key(user), freshness, now).await?;
    Ok(found.map(|found| found.preferences).unwrap_or_default())
}

/// F5. 1 write unit.
pub async fn put(store: &Store, user: UserId, preferences: NotificationPreferences) -> Result<()> {
    store.put(&StoredPreferences { user, preferences }).await
}
