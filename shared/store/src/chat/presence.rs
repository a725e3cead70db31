//! Who of the team is there, as the team was told.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | J1 | is somebody there | table | `ONLINE#` | `USER#{user}` | [`get`], [`seen`], [`turn`], [`told`] |
//! | J2 | who is there | table | `ONLINE#` | `USER#…` | [`everyone`] |
//! | D1 | who is to be looked after | due | `0` | `due_at` | [`crate::platform::due`] |
//!
//! Whether somebody is there follows from their connections and from when one of them was last heard ([`Online::is_fresh`]). No
//! count of devices is kept, which a lost `$disconnect` would leave wrong for good. What the row adds is what was *told*: only
//! where that differs from what is so is anybody told anything, so that a second tab and a page that is loaded anew are silent.
//! That it is to be told is written before it is told, and that it was after: whoever breaks off in between leaves a row that
//! says so, and falls due.
//!
//! Costs: being heard is 1 write unit; coming and going 2 each, and 2 for the index; being looked after 3 every two minutes
//! (the clock's) and 1 read unit, as long as nothing has changed. Eight hours a day are some 2,500 write units a person.

use jiff::{SignedDuration, Timestamp};
use model::UserId;
use serde::{Deserialize, Serialize};

use crate::{
    ConditionExpression, Item, Key, Query, ReadConsistency, Store, UpdateExpression, WriteOutcome,
    dynamodb::{
        error::Result,
        key::{PartitionKey, SortKey, prefix},
    },
};

/// Whoever was not heard for so long is not there (contract chat 1.5): three pings.
pub const AWAY_AFTER: SignedDuration = SignedDuration::from_secs(90);
/// How soon somebody who is there is looked after. The clock puts it off by as much, so that nothing is written where nothing
/// has changed.
pub const CHECK_INTERVAL: SignedDuration = SignedDuration::from_mins(2);
/// When somebody was there last is known for so long.
const RETENTION: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Somebody of the team, as it was told of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TeamPresence {
    /// Whose it is; so called because the index of what is due carries `id`.
    pub id: UserId,
    pub is_online: bool,
    /// When that became so: of two that were told, the later is the truth.
    pub since: Timestamp,
    /// Whether the team has been told.
    #[serde(rename = "is_told")]
    pub is_published: bool,
    /// When one of their connections was last heard.
    pub seen_at: Timestamp,
    /// Grows with everything that is heard or changes: what a row is written over by.
    pub rev: u64,
}

impl Item for TeamPresence {
    const KIND: &'static str = "team_presence";

    fn key(&self) -> Key {
        key(self.id)
    }

    fn due(&self) -> Option<Timestamp> {
        (self.is_online || !self.is_published).then(|| self.since + CHECK_INTERVAL)
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.seen_at + RETENTION)
    }
}

impl TeamPresence {
    /// Whether one of their connections was heard lately.
    pub fn is_recently_seen(&self, now: Timestamp) -> bool {
        now < self.seen_at + AWAY_AFTER
    }
}

fn key(user: UserId) -> Key {
    Key::new(&PartitionKey::TeamPresence, &SortKey::User(user))
}

/// J1. Strong: what is read is written over.
pub async fn get(store: &Store, user: UserId, now: Timestamp) -> Result<Option<TeamPresence>> {
    store.get(&key(user), ReadConsistency::Strong, now).await
}

/// J1: one of their connections is heard. `Refused` where the team does not know them to be there: then there is something to
/// tell. 1 write unit, none of it for the index.
pub async fn record_heartbeat(store: &Store, user: UserId, now: Timestamp) -> Result<WriteOutcome> {
    let change = UpdateExpression::new("SET seen_at = :now, #ttl = :until, rev = rev + :one")
        .with_condition("is_online = :yes AND is_told = :yes")
        .name("#ttl", "ttl")
        .text(":now", now)
        .number(":until", (now + RETENTION).as_second())
        .number(":one", 1)
        .serialized(":yes", &true)?;
    store.update_without_return(&key(user), change).await
}

/// J1: somebody is there now, or not any more, and nobody has been told. `Refused` where they were heard or changed since
/// `before` was read. 1 write unit, and 1 or 2 for the index.
pub async fn set_status(
    store: &Store,
    user: UserId,
    before: Option<&TeamPresence>,
    is_online: bool,
    now: Timestamp,
) -> Result<WriteOutcome<TeamPresence>> {
    let (since, seen_at, rev) = match before {
        // strictly later, since the later of two is the truth
        Some(before) => {
            (now.max(before.since + SignedDuration::from_millis(1)), before.seen_at, before.rev + 1)
        }
        None => (now, now, 1),
    };
    let seen_at = if is_online { now.max(seen_at) } else { seen_at };
    let after = TeamPresence { id: user, is_online, since, is_published: false, seen_at, rev };
    let written = match before {
        Some(before) => {
            store.put_if(&after, ConditionExpression::new("rev = :rev").number(":rev", before.rev)).await?
        }
        None => store.put_new(&after, now).await?,
    };
    Ok(match written {
        WriteOutcome::Applied(()) => WriteOutcome::Applied(after),
        WriteOutcome::ConditionFailed => WriteOutcome::ConditionFailed,
    })
}

/// J1: the team has been told what the row says. Nothing, where it says something else by now. 1 write unit, and 1 for the index
/// where they are gone: then nobody looks after them any more.
pub async fn mark_published(store: &Store, row: &TeamPresence) -> Result<()> {
    let expression = if row.is_online {
        "SET is_told = :yes, rev = rev + :one"
    } else {
        "SET is_told = :yes, rev = rev + :one REMOVE due_at, due_shard"
    };
    let change = UpdateExpression::new(expression)
        .with_condition("since = :since AND is_online = :is_online")
        .text(":since", row.since)
        .number(":one", 1)
        .serialized(":yes", &true)?
        .serialized(":is_online", &row.is_online)?;
    store.update_without_return(&key(row.id), change).await.map(drop)
}

/// J2: whom the team knows to be there, in no order. One query, 1 read unit for some 20 people who were there within 30 days.
/// What was told, and not what is so: a list that knew better than the events after it would stay wrong.
pub async fn list_online(store: &Store, now: Timestamp) -> Result<Vec<TeamPresence>> {
    let all: Vec<TeamPresence> =
        store.query_all(Query::with_prefix(&PartitionKey::TeamPresence, prefix::USER).strong(), now).await?;
    Ok(all.into_iter().filter(|one| one.is_online).collect())
}
