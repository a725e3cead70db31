//! Who has come into the team's chat.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | F8 | has someone been taken into the default channels | table | `CHAT#{user}` | `ARRIVED` | [`has_arrived`], [`put`] |
//!
//! Whoever has and is in none of them has left them, and is not taken in again.

use jiff::Timestamp;
use model::UserId;
use serde::{Deserialize, Serialize};

use crate::{
    Item, Key, ReadConsistency, Store,
    dynamodb::{
        error::Result,
        key::{PartitionKey, SortKey},
    },
};

#[derive(Debug, Serialize, Deserialize)]
struct OnboardingRecord {
    user: UserId,
    arrived_at: Timestamp,
}

impl Item for OnboardingRecord {
    const KIND: &'static str = "onboarding";

    fn key(&self) -> Key {
        key(self.user)
    }
}

fn key(user: UserId) -> Key {
    Key::new(&PartitionKey::Chat(user), &SortKey::Onboarding)
}

/// F8. Strong: whoever has just left one is not brought back.
pub async fn is_onboarded(store: &Store, user: UserId, now: Timestamp) -> Result<bool> {
    let found: Option<OnboardingRecord> = store.get(&key(user), ReadConsistency::Strong, now).await?;
    Ok(found.is_some())
}

/// F8. 1 write unit, once in the life of an account.
pub async fn mark_onboarded(store: &Store, user: UserId, now: Timestamp) -> Result<()> {
    store.put(&OnboardingRecord { user, arrived_at: now }).await
}
