//! Networks from which an account logged in. Wrong passwords from other networks do not lock the account there.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | IDENTITY-15 | whether an account logged in from a network | table | `USER#{user}` | `NETWORK#{network}` | [`is_known`], [`record`] |
//! | IDENTITY-16 | all networks of an account | table | `USER#{user}` | `NETWORK#…` | [`delete_all`] |

use futures::future::try_join_all;
use jiff::{SignedDuration, Timestamp};
use model::UserId;
use serde::{Deserialize, Serialize};

use crate::{
    Item, Key, Query, ReadConsistency, Store,
    dynamodb::{
        error::Result,
        key::{PartitionKey, SortKey, prefix},
    },
};

/// The time for which a network is known after the last log-in from it.
const NETWORK_LIFETIME: SignedDuration = SignedDuration::from_hours(90 * 24);

/// A network from which an account logged in. It outlives the log-in, so that a person who logged out is recognized.
#[derive(Debug, Serialize, Deserialize)]
pub struct KnownNetwork {
    user: UserId,
    network: String,
    expires_at: Timestamp,
}

impl KnownNetwork {
    /// Creates the record of a log-in at `now`.
    pub fn new(user: UserId, network: String, now: Timestamp) -> Self {
        Self { user, network, expires_at: now + NETWORK_LIFETIME }
    }
}

impl Item for KnownNetwork {
    const KIND: &'static str = "known_network";

    fn key(&self) -> Key {
        key(self.user, &self.network)
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.expires_at)
    }
}

fn key(user: UserId, network: &str) -> Key {
    Key::new(&PartitionKey::User(user), &SortKey::KnownNetwork(network))
}

/// IDENTITY-15. Returns whether the account logged in from the network in the last 90 days. 0.5 read units.
pub async fn is_known(store: &Store, user: UserId, network: &str, now: Timestamp) -> Result<bool> {
    let found: Option<KnownNetwork> = store.get(&key(user, network), ReadConsistency::Eventual, now).await?;
    Ok(found.is_some())
}

/// IDENTITY-15. Records a log-in from a network. 1 write unit.
pub async fn record(store: &Store, network: &KnownNetwork) -> Result<()> {
    store.put(network).await
}

/// IDENTITY-16. Deletes all networks of an account.
pub async fn delete_all(store: &Store, user: UserId, now: Timestamp) -> Result<()> {
    let query = Query::with_prefix(&PartitionKey::User(user), prefix::NETWORK).strong();
    let all: Vec<KnownNetwork> = store.query_all(query, now).await?;
    try_join_all(all.iter().map(async |network| store.delete(&network.key()).await)).await?;
    Ok(())
}
