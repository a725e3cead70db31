//! Which messages mention someone. Rows follow from messages: a job writes them.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | F2 | messages that mention someone, newest first | table | `MENTIONS#{user}` | `MENTION#{sent}#{message}` | [`put`], [`mark`], [`page`], [`newest`] |
//!
//! A row says where a message stands and not what stands in it: whoever may not read it any more must not find it here.

use jiff::{SignedDuration, Timestamp};
use model::{MessageId, UserId};
use serde::{Deserialize, Serialize};

use crate::{
    Change, Item, Key, Page, Put, Query, Store,
    error::Result,
    item::sortable,
    table::{Pk, Sk, prefix},
};

/// How long after it was sent a message is found here; in its channel it stays.
const KEPT: SignedDuration = SignedDuration::from_hours(365 * 24);

/// That a message mentions someone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mention {
    pub user: UserId,
    pub message: MessageId,
    /// When the message was sent, also where they were edited into it: one message is one row.
    pub sent_at: Timestamp,
    /// They were told, or do not want to be.
    pub told: bool,
    /// They were written to of it.
    pub mailed: bool,
}

impl Item for Mention {
    const KIND: &'static str = "mention";

    fn key(&self) -> Key {
        key(self.user, self.message, self.sent_at)
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.sent_at + KEPT)
    }
}

pub(crate) fn key(user: UserId, message: MessageId, sent_at: Timestamp) -> Key {
    let place = format!("{}#{message}", sortable(sent_at));
    Key::new(&Pk::Mentions(user), &Sk::Mention(&place))
}

/// What is noted on a mention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    Told,
    Mailed,
}

/// F2: puts a mention where there is none; answers what lies there otherwise. 1 write unit.
pub async fn put(store: &Store, mention: &Mention) -> Result<Put<Mention>> {
    store.put_or_see(mention).await
}

/// F2: notes it on one that is there. 1 write unit.
pub async fn mark(store: &Store, mention: &Mention, mark: Mark) -> Result<()> {
    let change = match mark {
        Mark::Told => Change::new("SET told = :true"),
        Mark::Mailed => Change::new("SET mailed = :true"),
    };
    let change = change.serialized(":true", &true)?.only_if("attribute_exists(pk)");
    store.update_unseen(&mention.key(), change).await.map(drop)
}

/// F2.
pub async fn page(
    store: &Store,
    user: UserId,
    limit: usize,
    cursor: Option<&str>,
    now: Timestamp,
) -> Result<Page<Mention>> {
    store.page(theirs(user), limit, cursor, now).await
}

/// F2: so many of them, as they were put last. Strong: whoever is written to was mentioned just now.
pub async fn newest(store: &Store, user: UserId, limit: usize, now: Timestamp) -> Result<Vec<Mention>> {
    Ok(store.page(theirs(user).strong(), limit, None, now).await?.items)
}

fn theirs(user: UserId) -> Query {
    Query::starting(&Pk::Mentions(user), prefix::MENTION).newest_first()
}
