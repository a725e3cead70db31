//! Blocked users.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | CHAT-26 | the users that a user blocked | table | `CHAT#{user}` | `BLOCKED#{other}` | [`set`], [`list`], [`find_between`] |
//!
//! The row of a block that has ended stays for 30 days, because it has the version. Of two events of a block, the one with the
//! higher version is true, also if they arrive in the other order. The alternative, a deleted row, would let the version start
//! again.

use jiff::{SignedDuration, Timestamp};
use model::UserId;
use serde::{Deserialize, Serialize};

use crate::{
    ConditionExpression, Item, Key, Query, ReadConsistency, Store, WriteOutcome,
    dynamodb::{
        error::{Result, StoreError},
        key::{PartitionKey, SortKey, prefix},
    },
    retry_conflict,
};

/// How long the row of an ended block is kept.
const RETENTION: SignedDuration = SignedDuration::from_hours(30 * 24);

/// A user blocked another one, or has ended the block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserBlock {
    pub user: UserId,
    pub blocked: UserId,
    pub blocked_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// Grows with every change. It is at least the time of the change in milliseconds since 1970, so that it also grows after an
    /// ended block has expired.
    #[serde(default)]
    pub version: u64,
}

impl UserBlock {
    pub const fn is_blocked(&self) -> bool {
        self.ended_at.is_none()
    }
}

impl Item for UserBlock {
    const KIND: &'static str = "user_block";

    fn key(&self) -> Key {
        key(self.user, self.blocked)
    }

    fn expires_at(&self) -> Option<Timestamp> {
        self.ended_at.map(|ended_at| ended_at + RETENTION)
    }
}

fn key(user: UserId, blocked: UserId) -> Key {
    Key::new(&PartitionKey::Chat(user), &SortKey::BlockedUser(blocked))
}

/// CHAT-26. Blocks a user, or ends the block. Returns the current block, or `None` if there is none to end. Writes nothing if the
/// block has this state already. 1 read unit, and 1 write unit for a change.
pub async fn set(
    store: &Store,
    user: UserId,
    blocked: UserId,
    is_blocked: bool,
    now: Timestamp,
) -> Result<Option<UserBlock>> {
    retry_conflict("the block", || async {
        let before: Option<UserBlock> = store.get(&key(user, blocked), ReadConsistency::Strong, now).await?;
        if before.as_ref().is_some_and(UserBlock::is_blocked) == is_blocked {
            return Ok::<_, StoreError>(WriteOutcome::Applied(before));
        }
        let last = before.as_ref().map_or(0, |before| before.version);
        let version = (last + 1).max(u64::try_from(now.as_millisecond()).unwrap_or_default());
        let blocked_at = match &before {
            Some(before) if !is_blocked => before.blocked_at,
            _ => now,
        };
        let ended_at = (!is_blocked).then_some(now);
        let after = UserBlock { user, blocked, blocked_at, ended_at, version };
        let written = match before {
            Some(_) => {
                store
                    .put_if(&after, ConditionExpression::new("version = :last").number(":last", last))
                    .await?
            }
            None => store.put_new(&after, now).await?,
        };
        Ok(written.map(|()| Some(after)))
    })
    .await
}

/// CHAT-26. Returns all users that a user blocks. Strong, because a list is read right after a block. 1 read unit for about 25,
/// among them those that the user has unblocked within 30 days.
pub async fn list(store: &Store, user: UserId, now: Timestamp) -> Result<Vec<UserBlock>> {
    let query = Query::with_prefix(&PartitionKey::Chat(user), prefix::BLOCKED).strong();
    let all: Vec<UserBlock> = store.query_all(query, now).await?;
    Ok(all.into_iter().filter(UserBlock::is_blocked).collect())
}

/// CHAT-26. Returns the blocks between two users, none to two. Strong, so that no message arrives after the block was
/// confirmed. 2 read units.
pub async fn find_between(
    store: &Store,
    one: UserId,
    other: UserId,
    now: Timestamp,
) -> Result<Vec<UserBlock>> {
    let found: Vec<UserBlock> =
        store.get_many(&[key(one, other), key(other, one)], ReadConsistency::Strong, now).await?;
    Ok(found.into_iter().filter(UserBlock::is_blocked).collect())
}
