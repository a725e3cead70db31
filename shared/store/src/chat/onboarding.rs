//! Onboarding: whether a member was added to the team's default channels.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | CHAT-22 | whether a member was added to the default channels | table | `CHAT#{user}` | `ARRIVED` | [`is_onboarded`], [`mark_onboarded`] |
//!
//! An onboarded member who is in no default channel has left it, and is not added again.

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

/// CHAT-22. Returns whether a member is onboarded. Strong, so that a member who has just left a default channel is not
/// added again.
pub async fn is_onboarded(store: &Store, user: UserId, now: Timestamp) -> Result<bool> {
    let found: Option<OnboardingRecord> = store.get(&key(user), ReadConsistency::Strong, now).await?;
    Ok(found.is_some())
}

/// CHAT-22. Marks a member as onboarded. 1 write unit, once for each account.
pub async fn mark_onboarded(store: &Store, user: UserId, now: Timestamp) -> Result<()> {
    store.put(&OnboardingRecord { user, arrived_at: now }).await
}
