//! Blocked users.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | CHAT-26 | the users that a user blocked | table | `CHAT#{user}` | `BLOCKED#{other}` | [`put`], [`delete`], [`list`], [`find_between`] |

use jiff::Timestamp;
use model::UserId;
use serde::{Deserialize, Serialize};

use crate::{
    Item, Key, Query, ReadConsistency, Store,
    dynamodb::{
        error::Result,
        key::{PartitionKey, SortKey, prefix},
    },
};

/// A user blocked another one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserBlock {
    pub user: UserId,
    pub blocked: UserId,
    pub blocked_at: Timestamp,
}

impl Item for UserBlock {
    const KIND: &'static str = "user_block";

    fn key(&self) -> Key {
        key(self.user, self.blocked)
    }
}

fn key(user: UserId, blocked: UserId) -> Key {
    Key::new(&PartitionKey::Chat(user), &SortKey::BlockedUser(blocked))
}

/// CHAT-26. Blocks a user. A repeated block only changes its time. 1 write unit.
pub async fn put(store: &Store, block: &UserBlock) -> Result<()> {
    store.put(block).await
}

/// CHAT-26. Ends a block, if there is one. 1 write unit.
pub async fn delete(store: &Store, user: UserId, blocked: UserId) -> Result<()> {
    store.delete(&key(user, blocked)).await
}

/// CHAT-26. Returns all blocks of a user. Strong, because a list is read right after a block. 1 read unit for about 25.
pub async fn list(store: &Store, user: UserId, now: Timestamp) -> Result<Vec<UserBlock>> {
    store.query_all(Query::with_prefix(&PartitionKey::Chat(user), prefix::BLOCKED).strong(), now).await
}

/// CHAT-26. Returns the blocks between two users, none to two. Strong, so that no message arrives after the block was
/// confirmed. 2 read units.
pub async fn find_between(
    store: &Store,
    one: UserId,
    other: UserId,
    now: Timestamp,
) -> Result<Vec<UserBlock>> {
    store.get_many(&[key(one, other), key(other, one)], ReadConsistency::Strong, now).await
}
