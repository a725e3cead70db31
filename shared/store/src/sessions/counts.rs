//! SESSIONS-2. Counts of a session, which are stored beside it.

use jiff::Timestamp;
use model::{SessionId, SlideId, UserId, tally::Tally, tick::Tick};
use serde::{Deserialize, Serialize};

use super::Session;
use crate::{
    ConditionExpression, Item, Key, Query, ReadConsistency, Store, WriteOutcome,
    dynamodb::{
        error::{Result, StoreError},
        key::{PartitionKey, SortKey, prefix},
    },
};

/// The last count of answers to a slide. It is derived from the answers, so its loss loses nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VoteSnapshot {
    pub session: SessionId,
    pub slide: SlideId,
    pub tally: Tally,
    /// The number of answers of any type, text included.
    pub responses: u64,
    /// The average time at which the gateway received the answers, in milliseconds since 1970.
    #[serde(default)]
    pub mean_received: i64,
    /// The number of characters in all text answers.
    #[serde(default)]
    pub text_characters: u64,
    /// The time of the count in milliseconds since 1970. It is a number so that a condition can compare two counts.
    pub as_of: i64,
    /// `as_of` of the count before. Answers that were stored since then are new.
    pub since: i64,
    /// The job that counted. A repeated delivery of the job publishes the same count again.
    #[serde(default)]
    pub tick: Tick,
}

impl Item for VoteSnapshot {
    const KIND: &'static str = "tally";

    fn key(&self) -> Key {
        snapshot_key(self.session, self.slide)
    }
}

/// The last count of connected participants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PresenceCount {
    pub session: SessionId,
    pub participants: u64,
    /// The time of the count in milliseconds since 1970.
    pub as_of: i64,
    /// The time of the last count that found a connection, of the presenter too, in milliseconds since 1970.
    #[serde(default)]
    pub someone_at: i64,
    /// The highest count so far.
    #[serde(default)]
    pub peak: u64,
    /// The job that counted.
    #[serde(default)]
    pub tick: Tick,
}

impl Item for PresenceCount {
    const KIND: &'static str = "presence";

    fn key(&self) -> Key {
        presence_key(self.session)
    }
}

/// The last count of joins that were refused because the session was full. A person who tries again counts again, because a person
/// who has not joined has no id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TurnedAwayCount {
    pub session: SessionId,
    /// It only grows, so the higher of two counts is the later one.
    pub turned_away: u64,
    /// The seats that the session had at the last refusal.
    pub seats: u32,
}

impl Item for TurnedAwayCount {
    const KIND: &'static str = "turned_away";

    fn key(&self) -> Key {
        turned_away_key(self.session)
    }
}

fn turned_away_key(session: SessionId) -> Key {
    Key::new(&PartitionKey::Session(session), &SortKey::TurnedAway)
}

fn snapshot_key(session: SessionId, slide: SlideId) -> Key {
    Key::new(&PartitionKey::Session(session), &SortKey::Tally(slide))
}

fn presence_key(session: SessionId) -> Key {
    Key::new(&PartitionKey::Session(session), &SortKey::Presence)
}

/// A session with its counts.
#[derive(Clone, Debug)]
pub struct SessionWithCounts {
    pub session: Session,
    pub snapshots: Vec<VoteSnapshot>,
    pub presence: Option<PresenceCount>,
    /// Joins that were refused because the session was full.
    pub turned_away: u64,
}

/// An item whose sort key starts with `#` in the partition of a session, by its kind.
#[derive(Deserialize)]
#[serde(tag = "kind")]
enum SessionCountRow {
    #[serde(rename = "session")]
    Session(Box<Session>),
    #[serde(rename = "tally")]
    Snapshot(VoteSnapshot),
    #[serde(rename = "presence")]
    Presence(PresenceCount),
    #[serde(rename = "turned_away")]
    TurnedAway(TurnedAwayCount),
    /// An item of another kind, which is no count.
    #[serde(other)]
    Other,
}

fn from_rows(rows: impl IntoIterator<Item = SessionCountRow>) -> Option<SessionWithCounts> {
    let mut session = None;
    let mut snapshots = Vec::new();
    let mut presence = None;
    let mut turned_away = 0;
    for row in rows {
        match row {
            SessionCountRow::Session(found) => session = Some(*found),
            SessionCountRow::Snapshot(snapshot) => snapshots.push(snapshot),
            SessionCountRow::Presence(found) => presence = Some(found),
            SessionCountRow::TurnedAway(count) => turned_away = count.turned_away,
            SessionCountRow::Other => {}
        }
    }
    session.map(|session| SessionWithCounts { session, snapshots, presence, turned_away })
}

/// SESSIONS-2. Returns a session of an owner with its counts, by one query. Costs by size. A session with twenty
/// counted slides is about 8 KB, which is 1 read unit.
///
/// # Errors
/// Returns [`StoreError::NotFound`] if there is none, or it belongs to another owner.
pub async fn get_owned_with_counts(
    store: &Store,
    owner: UserId,
    id: SessionId,
    now: Timestamp,
) -> Result<SessionWithCounts> {
    let counted = get_with_counts(store, id, now).await?;
    counted.filter(|counted| counted.session.owner == owner).ok_or(StoreError::NotFound("session"))
}

/// SESSIONS-2. Returns a session of any owner with its counts, for admins.
pub async fn get_with_counts(
    store: &Store,
    id: SessionId,
    now: Timestamp,
) -> Result<Option<SessionWithCounts>> {
    let query = Query::with_prefix(&PartitionKey::Session(id), prefix::SELF);
    Ok(from_rows(store.query_all(query, now).await?))
}

/// SESSIONS-2. Stores a count of answers, unless a newer one exists.
pub async fn save_snapshot(store: &Store, snapshot: &VoteSnapshot) -> Result<WriteOutcome> {
    store.put_if(snapshot, is_older(snapshot.as_of)).await
}

/// SESSIONS-2. Stores a count of participants, unless a newer one exists.
pub async fn save_presence(store: &Store, presence: &PresenceCount) -> Result<WriteOutcome> {
    store.put_if(presence, is_older(presence.as_of)).await
}

// A count of the same time is stored again. A job that is delivered twice counts twice, and its second count is the
// same or higher.
fn is_older(as_of: i64) -> ConditionExpression {
    ConditionExpression::new("attribute_not_exists(pk) OR as_of <= :as_of").number(":as_of", as_of)
}

/// SESSIONS-2. Stores a count of refused joins, unless a higher one exists. 1 write unit.
pub async fn save_turned_away(store: &Store, count: &TurnedAwayCount) -> Result<WriteOutcome> {
    // The same count is stored again, so that a job that is delivered twice publishes it again.
    let is_lower = ConditionExpression::new("attribute_not_exists(pk) OR turned_away <= :turned_away")
        .number(":turned_away", count.turned_away);
    store.put_if(count, is_lower).await
}

/// SESSIONS-2. Returns the last count of refused joins.
pub async fn get_turned_away(store: &Store, session: SessionId, now: Timestamp) -> Result<u64> {
    let found: Option<TurnedAwayCount> =
        store.get(&turned_away_key(session), ReadConsistency::Strong, now).await?;
    Ok(found.map_or(0, |count| count.turned_away))
}

/// SESSIONS-2. Returns the last count of answers to a slide.
pub async fn get_snapshot(
    store: &Store,
    session: SessionId,
    slide: SlideId,
    now: Timestamp,
) -> Result<Option<VoteSnapshot>> {
    store.get(&snapshot_key(session, slide), ReadConsistency::Strong, now).await
}

/// SESSIONS-2. Returns the last count of participants.
pub async fn get_presence(
    store: &Store,
    session: SessionId,
    consistency: ReadConsistency,
    now: Timestamp,
) -> Result<Option<PresenceCount>> {
    store.get(&presence_key(session), consistency, now).await
}

/// SESSIONS-2. Returns the participants who were connected when they were last counted.
pub async fn last_participant_count(store: &Store, session: SessionId, now: Timestamp) -> Result<u64> {
    let presence = get_presence(store, session, ReadConsistency::Eventual, now).await?;
    Ok(presence.map_or(0, |presence| presence.participants))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use model::{
        blocked_words::BlockedWords,
        join_code::JoinCode,
        plan::Plan,
        session::{SessionStatus, SlidePacing},
    };
    use uuid::Uuid;

    use super::*;
    use crate::{
        dynamodb::item::{from_attributes, to_attributes},
        presentations::Presentation,
        sessions::SlideResultSettings,
    };

    /// An item of another kind with all fields of a presence count.
    #[derive(Serialize, Deserialize)]
    struct OtherCountItem {
        session: SessionId,
        participants: u64,
        as_of: i64,
    }

    impl Item for OtherCountItem {
        const KIND: &'static str = "mood";

        fn key(&self) -> Key {
            Key::new(&PartitionKey::Session(self.session), &SortKey::Self_)
        }
    }

    fn id<T: From<Uuid>>(n: u128) -> T {
        T::from(Uuid::from_u128(n))
    }

    fn session() -> Session {
        let presentation = Presentation::new(id(3), id(2), "Rust".into(), None, Timestamp::UNIX_EPOCH);
        let code = JoinCode::parse("K7M2QX").unwrap();
        Session {
            status: SessionStatus::Active,
            version: 3,
            current_slide: Some(id(4)),
            started_at: Some(Timestamp::UNIX_EPOCH),
            pace: SlidePacing::Participant,
            blocked_words: BlockedWords::parse(&["spam"]).unwrap(),
            results: BTreeMap::from([(
                id(4),
                SlideResultSettings { visible: Some(true), reset_at: Some(7), revealed_at: Some(8) },
            )]),
            ..Session::new(id(1), &presentation, Plan::Free, code, Timestamp::UNIX_EPOCH)
        }
    }

    fn row(item: &impl Item) -> SessionCountRow {
        from_attributes(to_attributes(item).unwrap()).unwrap()
    }

    #[test]
    fn items_of_other_kinds_are_not_counts() {
        let session = session();
        let tick = Tick(7);
        let tally = Tally::count(["a", "b"], [["a"].into_iter()]);
        let snapshot = VoteSnapshot {
            session: session.id,
            slide: id(4),
            tally,
            responses: 1,
            mean_received: 7,
            text_characters: 0,
            as_of: 9,
            since: 8,
            tick,
        };
        let presence =
            PresenceCount { session: session.id, participants: 5, as_of: 9, someone_at: 9, peak: 6, tick };
        let turned_away = TurnedAwayCount { session: session.id, turned_away: 12, seats: 25 };
        let mood = OtherCountItem { session: session.id, participants: 6, as_of: 10 };
        let found = from_rows([row(&session), row(&presence), row(&snapshot), row(&turned_away), row(&mood)])
            .unwrap();
        assert_eq!(found.session, session);
        assert_eq!(found.snapshots, [snapshot]);
        assert_eq!(found.presence, Some(presence));
        assert_eq!(found.turned_away, 12);
        assert!(from_rows([row(&mood)]).is_none(), "counts without a session are ignored");
    }
}
