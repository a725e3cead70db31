//! Presence of the team's members, as it was last published to the team.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | CHAT-23 | the presence of a member | table | `ONLINE#` | `USER#{user}` | [`get`], [`record_heartbeat`], [`set_status`], [`mark_published`] |
//! | CHAT-24 | the members who are online, or whose status is not published | table | `ONLINE#` | `USER#…` | [`list_online`], [`list_unpublished`] |
//! | CHAT-25 | the members whose presence must be checked | due | `0` | `due_at` | [`TeamPresence::due`] |
//! | CHAT-27 | the version of the published presence | table | `ONLINE#` | `#` | [`get_version`], [`claim_versions`], [`record_published`] |
//!
//! Whether a member is online follows from their connections and from the last heartbeat
//! ([`TeamPresence::is_recently_seen`]). No count of devices is kept, because a lost `$disconnect` would make it wrong
//! for good.
//!
//! The row stores the last published status. A status event is published only if the current status differs, so a
//! second tab or a page reload publishes nothing. A change writes an unpublished row. Once a second, a job publishes all
//! unpublished rows together and marks them as published. If a process dies in between, the row stays in the `due` index
//! and the clock retries.
//!
//! A publication claims the next version before it is sent, on the condition that no other one was claimed since it
//! read the version. It reads the rows in between. So the publication with the higher version has read later rows, and a
//! client that drops a lower version loses nothing. It contains all changes since the last version that was sent
//! completely, so a client that has this version misses nothing either, also after a publication that died.
//!
//! Costs: a heartbeat is 1 write unit. Coming online and going offline are 2 each, and 2 for the index. A publication is
//! 2 write units, and 1 read unit for about 20 members. The check of the clock is 3 every two minutes and 1 read unit, as
//! long as nothing has changed. Eight hours a day are about 2,500 write units for each member.

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

/// A member without a heartbeat for this time is offline (contract chat 1.5). It is three pings.
pub const AWAY_AFTER: SignedDuration = SignedDuration::from_secs(90);
/// The time between two checks of an online member. The clock postpones by the same time, so a check writes nothing if
/// nothing has changed.
pub const CHECK_INTERVAL: SignedDuration = SignedDuration::from_mins(2);
/// How long the last time that a member was online is kept.
const RETENTION: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The published presence of a member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TeamPresence {
    /// The member. The field is called `id` because the `due` index contains `id`.
    pub id: UserId,
    pub is_online: bool,
    /// When the status became so. Of two published statuses, the later is true.
    pub since: Timestamp,
    /// Whether the status was published to the team.
    #[serde(rename = "is_told")]
    pub is_published: bool,
    /// The time of the last heartbeat of any connection.
    pub seen_at: Timestamp,
    /// Optimistic-lock version, which grows with every heartbeat and every change.
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

/// The versions of the presence that is published.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PresenceVersion {
    /// The last version that was claimed.
    pub claimed: u64,
    /// The last version that was sent to the team. It is lower while a publication runs, and after one that died.
    pub published: u64,
}

impl Item for PresenceVersion {
    const KIND: &'static str = "presence_version";

    fn key(&self) -> Key {
        version_key()
    }
}

fn version_key() -> Key {
    Key::new(&PartitionKey::TeamPresence, &SortKey::Self_)
}

impl TeamPresence {
    /// Whether a heartbeat was received within [`AWAY_AFTER`].
    pub fn is_recently_seen(&self, now: Timestamp) -> bool {
        now < self.seen_at + AWAY_AFTER
    }
}

fn key(user: UserId) -> Key {
    Key::new(&PartitionKey::TeamPresence, &SortKey::User(user))
}

/// CHAT-23. Returns the presence of a member. Strong, because it is replaced as it was read.
pub async fn get(store: &Store, user: UserId, now: Timestamp) -> Result<Option<TeamPresence>> {
    store.get(&key(user), ReadConsistency::Strong, now).await
}

/// CHAT-23. Records a heartbeat. The condition fails if the member is not published as online, and then there is
/// something to publish. 1 write unit, none for the index.
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

/// CHAT-23. Sets a status that is not published yet. The condition fails if the row has changed since `before` was
/// read. 1 write unit, and 1 or 2 for the index.
pub async fn set_status(
    store: &Store,
    user: UserId,
    before: Option<&TeamPresence>,
    is_online: bool,
    now: Timestamp,
) -> Result<WriteOutcome<TeamPresence>> {
    let (since, seen_at, rev) = match before {
        // Strictly later, because the later of two statuses is true.
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
    Ok(written.map(|()| after))
}

/// CHAT-23. Marks the status of the row as published, unless the row has another status by now. 1 write unit, and 1 for
/// the index if the member is offline, because an offline member is not checked.
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

/// CHAT-24. Returns the members who are online, in no order. One query, 1 read unit for about 20 members who were online
/// within 30 days. It returns the stored status and not what is true now. A list that is newer than the events after it
/// would stay wrong.
pub async fn list_online(store: &Store, now: Timestamp) -> Result<Vec<TeamPresence>> {
    Ok(list_all(store, now).await?.into_iter().filter(|member| member.is_online).collect())
}

/// CHAT-24. Returns the members whose status is not published, in no order. The same query as [`list_online`].
pub async fn list_unpublished(store: &Store, now: Timestamp) -> Result<Vec<TeamPresence>> {
    Ok(list_all(store, now).await?.into_iter().filter(|member| !member.is_published).collect())
}

async fn list_all(store: &Store, now: Timestamp) -> Result<Vec<TeamPresence>> {
    store.query_all(Query::with_prefix(&PartitionKey::TeamPresence, prefix::USER).strong(), now).await
}

/// CHAT-27. Returns the versions, 0 before the first publication. Strong, because the next version is claimed on the condition
/// that they are unchanged. 1 read unit.
pub async fn get_version(store: &Store, now: Timestamp) -> Result<PresenceVersion> {
    let found = store.get(&version_key(), ReadConsistency::Strong, now).await?;
    Ok(found.unwrap_or_default())
}

/// CHAT-27. Claims the next `count` versions. The condition fails if the versions have changed since `before` was read. 1 write
/// unit.
pub async fn claim_versions(store: &Store, before: PresenceVersion, count: u64) -> Result<WriteOutcome> {
    let after = PresenceVersion { claimed: before.claimed + count, ..before };
    if before == PresenceVersion::default() {
        return store.put_if(&after, ConditionExpression::new("attribute_not_exists(pk)")).await;
    }
    let condition = ConditionExpression::new("claimed = :claimed AND published = :published")
        .number(":claimed", before.claimed)
        .number(":published", before.published);
    store.put_if(&after, condition).await
}

/// CHAT-27. Records that a version was sent to the team, unless a later one was. Call it before the rows are marked as published.
/// The next publication then either finds the new version, or all rows of this one. 1 write unit.
pub async fn record_published(store: &Store, version: u64) -> Result<()> {
    let change = UpdateExpression::new("SET published = :version")
        .with_condition("published < :version")
        .number(":version", version);
    store.update_without_return(&version_key(), change).await.map(drop)
}
