//! How a member wants to be notified of missed mentions.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | CHAT-19 | the preferences of a member | table | `CHAT#{user}` | `PREFERENCES` | [`get`], [`put`] |

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

/// CHAT-19. Returns the preferences of a member, or the defaults.
pub async fn get(
    store: &Store,
    user: UserId,
    consistency: ReadConsistency,
    now: Timestamp,
) -> Result<NotificationPreferences> {
    let found: Option<StoredPreferences> = store.get(&key(user), consistency, now).await?;
    Ok(found.map(|found| found.preferences).unwrap_or_default())
}

/// CHAT-19. Stores the preferences of a member. 1 write unit.
pub async fn put(store: &Store, user: UserId, preferences: NotificationPreferences) -> Result<()> {
    store.put(&StoredPreferences { user, preferences }).await
}
