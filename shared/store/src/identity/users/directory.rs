//! U3, U6: whom a team sees of itself.
//!
//! The team is whoever has a user name: it is what one is called by in a message. Who has none, a speaker or half of a couple
//! on the same deployment, is in no directory, and nobody who writes a message learns of them. The claim of a user name is
//! the entry. It holds what a team shows and no address, and is written with the account it is of ([`super::save`]), so
//! that it cannot say anything else.

use jiff::Timestamp;
use model::{
    UserId,
    user::{AccountState, Username},
};
use serde::{Deserialize, Serialize};

use super::{User, username_key};
use crate::{
    Item, Key, Page, Query, ReadConsistency, Store,
    dynamodb::{error::Result, key::Gsi1Partition},
};

/// A user name belongs to one account, in every spelling; and what the team sees of that account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirectoryEntry {
    pub username: Username,
    pub owner: UserId,
    /// Empty in claims from before there was a directory, which are not in it until what they show changes.
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub avatar: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    absence: Option<DirectoryAbsence>,
}

/// Whoever is kept out is not shown either. Why is not the team's to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct DirectoryAbsence {
    /// `None`: until somebody lifts it.
    until: Option<Timestamp>,
}

impl Item for DirectoryEntry {
    const KIND: &'static str = "username_claim";
    const VERSION: u32 = 2;

    fn key(&self) -> Key {
        username_key(&self.username)
    }

    // an absence that ends ends by itself, so its entry stays where it is found
    fn gsi1(&self) -> Option<(Gsi1Partition, String)> {
        let is_open_ended = self.absence.is_some_and(|absence| absence.until.is_none());
        (!is_open_ended).then(|| (Gsi1Partition::Directory, self.username.folded()))
    }
}

impl DirectoryEntry {
    /// What is shown of an account that has a user name.
    pub(super) fn from_user(user: &User) -> Option<Self> {
        let username = user.username.clone()?;
        let until = match (user.status, &user.restriction) {
            (AccountState::Active, None) => None,
            (AccountState::Active, Some(restriction)) => Some(restriction.until),
            (AccountState::Disabled | AccountState::Deleted, _) => Some(None),
        };
        Some(Self {
            username,
            owner: user.id,
            name: user.name.clone(),
            avatar: user.avatar.clone(),
            absence: until.map(|until| DirectoryAbsence { until }),
        })
    }

    /// Neither disabled nor kept out now.
    pub fn is_listed(&self, now: Timestamp) -> bool {
        self.absence.is_none_or(|absence| absence.until.is_some_and(|until| until <= now))
    }
}

/// U6: the directory, by user name, as it was a moment ago. One query, half a read unit for 4 KB. A page is short by those
/// of it who are kept out for a time.
pub async fn page(
    store: &Store,
    limit: usize,
    cursor: Option<&str>,
    now: Timestamp,
) -> Result<Page<DirectoryEntry>> {
    let mut page: Page<DirectoryEntry> =
        store.page(Query::gsi1(&Gsi1Partition::Directory), limit, cursor, now).await?;
    page.items.retain(|entry| entry.is_listed(now));
    Ok(page)
}

/// U3: the entries of user names in any spelling, in no order; names that nobody has are left out, and who is not
/// [listed](Entry::is_listed) is not. Half a read unit each; strong, 1.
pub async fn list_by_usernames(
    store: &Store,
    usernames: &[Username],
    freshness: ReadConsistency,
    now: Timestamp,
) -> Result<Vec<DirectoryEntry>> {
    let mut keys: Vec<Key> = usernames.iter().map(username_key).collect();
    // DynamoDB refuses a key that comes twice
    keys.sort_unstable_by(|a, b| a.pk.cmp(&b.pk));
    keys.dedup();
    store.get_many(&keys, freshness, now).await
}
