//! What was counted in a session, beside it: S2.

use jiff::Timestamp;
use model::{SessionId, SlideId, UserId, tally::Tally, tick::Tick};
use serde::{Deserialize, Serialize};

use super::Session;
use crate::{
    ConditionExpression, Item, Key, Query, ReadConsistency, Store, WriteOutcome,
    dynamodb::{
        error::Result,
        key::{PartitionKey, SortKey, prefix},
    },
};

/// The last count of answers to a slide. Nothing is lost with it: it follows from the answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VoteSnapshot {
    pub session: SessionId,
    pub slide: SlideId,
    pub tally: Tally,
    /// Answers of any sort, text included.
    pub responses: u64,
    /// Milliseconds since 1970: when the gateway received them, on average.
    #[serde(default)]
    pub mean_received: i64,
    /// Characters of all that were texts.
    #[serde(default)]
    pub text_characters: u64,
    /// Milliseconds since 1970: a number, so that the newer of two is told by a condition.
    pub as_of: i64,
    /// `as_of` of the count before: answers stored since then are news.
    pub since: i64,
    /// Whose count it is: the same job once more tells the same once more.
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
    /// Milliseconds since 1970.
    pub as_of: i64,
    /// Milliseconds since 1970: when somebody, the presenter too, was counted last.
    #[serde(default)]
    pub someone_at: i64,
    /// The most that were ever counted.
    #[serde(default)]
    pub peak: u64,
    /// Whose count it is.
    #[serde(default)]
    pub tick: Tick,
}

impl Item for PresenceCount {
    const KIND: &'static str = "presence";

    fn key(&self) -> Key {
        presence_key(self.session)
    }
}

fn snapshot_key(session: SessionId, slide: SlideId) -> Key {
    Key::new(&PartitionKey::Session(session), &SortKey::Tally(slide))
}

fn presence_key(session: SessionId) -> Key {
    Key::new(&PartitionKey::Session(session), &SortKey::Presence)
}

/// A session with what was counted in it.
#[derive(Clone, Debug)]
pub struct SessionWithCounts {
    pub session: Session,
    pub snapshots: Vec<VoteSnapshot>,
    pub presence: Option<PresenceCount>,
}

/// What begins with `#` in a session's partition, by its kind.
#[derive(Deserialize)]
#[serde(tag = "kind")]
enum SessionCountRow {
    #[serde(rename = "session")]
    Session(Box<Session>),
    #[serde(rename = "tally")]
    Snapshot(VoteSnapshot),
    #[serde(rename = "presence")]
    Presence(PresenceCount),
    /// Whatever else is kept there, now or later: no count.
    #[serde(other)]
    Other,
}

fn from_rows(rows: impl IntoIterator<Item = SessionCountRow>) -> Option<SessionWithCounts> {
    let (mut session, mut snapshots, mut presence) = (None, Vec::new(), None);
    for row in rows {
        match row {
            SessionCountRow::Session(found) => session = Some(*found),
            SessionCountRow::Snapshot(snapshot) => snapshots.push(snapshot),
            SessionCountRow::Presence(found) => presence = Some(found),
            SessionCountRow::Other => {}
        }
    }
    session.map(|session| SessionWithCounts { session, snapshots, presence })
}

/// S2 for its owner, in one query, by size: a session with twenty counted slides is some 8 KB, 1 read unit.
///
/// # Errors
/// `NotFound` where there is none, or none of this owner.
pub async fn get_owned_with_counts(
    store: &Store,
    owner: UserId,
    id: SessionId,
    now: Timestamp,
) -> model::Result<SessionWithCounts> {
    let counted = get_with_counts(store, id, now).await?;
    counted.filter(|counted| counted.session.owner == owner).ok_or(model::Error::NotFound("session"))
}

/// S2, whoever's it is: for admins.
pub async fn get_with_counts(
    store: &Store,
    id: SessionId,
    now: Timestamp,
) -> Result<Option<SessionWithCounts>> {
    let query = Query::with_prefix(&PartitionKey::Session(id), prefix::SELF);
    Ok(from_rows(store.query_all(query, now).await?))
}

/// S2: keeps a count unless a newer one lies there.
pub async fn save_snapshot(store: &Store, snapshot: &VoteSnapshot) -> Result<WriteOutcome> {
    store.put_if(snapshot, is_older(snapshot.as_of)).await
}

/// S2: keeps a count unless a newer one lies there.
pub async fn save_presence(store: &Store, presence: &PresenceCount) -> Result<WriteOutcome> {
    store.put_if(presence, is_older(presence.as_of)).await
}

// Equal is kept: a job that is delivered twice counts twice, and says the same or more.
fn is_older(as_of: i64) -> ConditionExpression {
    ConditionExpression::new("attribute_not_exists(pk) OR as_of <= :as_of").number(":as_of", as_of)
}

/// S2.
pub async fn get_snapshot(
    store: &Store,
    session: SessionId,
    slide: SlideId,
    now: Timestamp,
) -> Result<Option<VoteSnapshot>> {
    store.get(&snapshot_key(session, slide), ReadConsistency::Strong, now).await
}

/// S2.
pub async fn get_presence(
    store: &Store,
    session: SessionId,
    freshness: ReadConsistency,
    now: Timestamp,
) -> Result<Option<PresenceCount>> {
    store.get(&presence_key(session), freshness, now).await
}

/// S2: the participants who were connected when they were last counted.
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

    /// Of another kind, with every field that a presence has.
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
    fn counts_are_told_by_their_kind_and_what_else_lies_there_is_left_out() {
        let (session, tick) = (session(), Tick(7));
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
        let mood = OtherCountItem { session: session.id, participants: 6, as_of: 10 };
        let found = from_rows([row(&session), row(&presence), row(&snapshot), row(&mood)]).unwrap();
        assert_eq!(found.session, session);
        assert_eq!(found.snapshots, [snapshot]);
        assert_eq!(found.presence, Some(presence));
        assert!(from_rows([row(&mood)]).is_none(), "counts without their session are none of a session");
    }
}
