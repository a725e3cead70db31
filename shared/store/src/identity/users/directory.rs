//! IDENTITY-3, IDENTITY-6. The team's directory.
//!
//! The team consists of the accounts with a user name, because members address each other by user names. An account
//! without one, such as a guest speaker on the same deployment, is in no directory, and members do not learn of it.
//!
//! The claim of a user name is the entry. It contains what the team may see and no address. It is written in the
//! transaction that writes its account (`save.rs`), so the two always agree.

use jiff::Timestamp;
use model::{
    UserId,
    user::{AccountState, Username},
};
use serde::{Deserialize, Serialize};

use super::{User, username_key};
use crate::{
    Item, Key, Page, PageRequest, Query, ReadConsistency, Store,
    dynamodb::{error::Result, key::Gsi1Partition},
};

/// A directory entry, which is also the claim of a user name. A user name belongs to one account, in every spelling.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirectoryEntry {
    pub username: Username,
    pub owner: UserId,
    /// Empty in claims that are older than the directory. Such a claim is listed after the next change of what it
    /// shows.
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub avatar: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    absence: Option<DirectoryAbsence>,
}

/// The reason that an entry is not listed now: its account is restricted, disabled or deleted. The team does not see
/// which.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct DirectoryAbsence {
    /// `None` if the absence lasts until an admin ends it.
    until: Option<Timestamp>,
}

impl Item for DirectoryEntry {
    const KIND: &'static str = "username_claim";
    const VERSION: u32 = 2;

    fn key(&self) -> Key {
        username_key(&self.username)
    }

    // A temporary absence ends without a write, so its entry stays in the index.
    fn gsi1(&self) -> Option<(Gsi1Partition, String)> {
        let is_open_ended = self.absence.is_some_and(|absence| absence.until.is_none());
        (!is_open_ended).then(|| (Gsi1Partition::Directory, self.username.folded()))
    }
}

impl DirectoryEntry {
    /// Returns the entry of an account that has a user name.
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

    /// Whether the account is neither disabled nor restricted at `now`.
    pub fn is_listed(&self, now: Timestamp) -> bool {
        self.absence.is_none_or(|absence| absence.until.is_some_and(|until| until <= now))
    }
}

/// IDENTITY-6. Returns a page of the directory by user name, eventually consistent. One query, 0.5 read units for 4 KB.
/// Accounts with a temporary restriction are left out, so a page may be short.
pub async fn page(store: &Store, request: &PageRequest, now: Timestamp) -> Result<Page<DirectoryEntry>> {
    let mut page: Page<DirectoryEntry> =
        store.page(Query::gsi1(&Gsi1Partition::Directory), request, now).await?;
    page.items.retain(|entry| entry.is_listed(now));
    Ok(page)
}

/// IDENTITY-3. Returns the entries of user names in any spelling, in no order. Unknown names are left out. The result
/// contains entries that are not listed ([`DirectoryEntry::is_listed`]). 0.5 read units each, 1 if strong.
pub async fn list_by_usernames(
    store: &Store,
    usernames: &[Username],
    consistency: ReadConsistency,
    now: Timestamp,
) -> Result<Vec<DirectoryEntry>> {
    let mut keys: Vec<Key> = usernames.iter().map(username_key).collect();
    // DynamoDB refuses a batch that contains a key twice.
    keys.sort_unstable_by(|a, b| a.pk.cmp(&b.pk));
    keys.dedup();
    store.get_many(&keys, consistency, now).await
}
