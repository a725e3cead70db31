//! The keys that every function of a deployment knows: the public keys of tokens, and secrets that all functions share.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | PLATFORM-5 | the keys of the deployment | table | `KEYS#` | `#` | [`get`], [`publish`] |
//!
//! Only functions that sign tokens have the signing secret. They publish what the others need, and their roles alone may
//! write this partition.

use serde::{Deserialize, Serialize};

use crate::{
    ConditionExpression, Item, Key, ReadConsistency, Store, WriteOutcome,
    dynamodb::{
        error::Result,
        item::from_attributes,
        key::{PartitionKey, SortKey},
    },
};

/// The published keys of a deployment.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeploymentKeys {
    /// Grows with each change of the signing secret.
    pub revision: u64,
    /// The public Ed25519 keys that tokens may be signed with, in base64url, newest first.
    pub public_keys: Vec<String>,
    /// Derived from the signing secrets, which they do not reveal, newest first. They protect cursors, which contain only keys of
    /// the table, and links that turn off e-mails. So they may stand in the table.
    pub shared_secrets: Vec<String>,
}

impl Item for DeploymentKeys {
    const KIND: &'static str = "deployment_keys";

    fn key(&self) -> Key {
        key()
    }
}

fn key() -> Key {
    Key::new(&PartitionKey::DeploymentKeys, &SortKey::Self_)
}

/// PLATFORM-5. Returns the published keys. 1 read unit.
pub async fn get(store: &Store) -> Result<Option<DeploymentKeys>> {
    let found = store.get_attributes(&key(), ReadConsistency::Strong).await?;
    found.map(from_attributes).transpose()
}

/// PLATFORM-5. Publishes keys unless keys of the same or a later revision are published. An instance of the last release that
/// starts late therefore never replaces the keys of the present one. 1 write unit.
pub async fn publish(store: &Store, keys: &DeploymentKeys) -> Result<WriteOutcome> {
    let is_new = ConditionExpression::new("attribute_not_exists(pk) OR revision < :revision")
        .number(":revision", keys.revision);
    store.put_if(keys, is_new).await
}

impl Store {
    /// Checks that the table answers, by one read.
    pub async fn check_reachable(&self) -> Result<()> {
        self.get_attributes(&key(), ReadConsistency::Eventual).await.map(drop)
    }
}
