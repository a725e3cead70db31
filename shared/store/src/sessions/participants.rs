//! Participants of a session.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | A1 | one participant | table | `SESSION#{id}` | `PARTICIPANT#{id}` | [`get`], [`add`], [`rename`], [`remove`] |
//! | A2 | all participants | table | `SESSION#{id}` | `PARTICIPANT#…` | [`page`], [`list`], [`count`] |

use jiff::Timestamp;
use model::{ParticipantId, SessionId, UserId};
use serde::{Deserialize, Serialize};

use crate::{
    Item, Key, Page, Query, ReadConsistency, Store, TransactWrite, UpdateExpression, WriteOutcome,
    dynamodb::{
        error::Result,
        key::{PartitionKey, SortKey, prefix},
    },
    identity::plan_usage,
};

/// Someone who joined. Whether they are here now follows from their connections.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Participant {
    pub session: SessionId,
    pub id: ParticipantId,
    /// `None` is anonymous.
    pub display_name: Option<String>,
    /// The account, where one joined.
    pub user: Option<UserId>,
    pub joined_at: Timestamp,
    /// By the presenter; they may not come back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removed_at: Option<Timestamp>,
}

impl Item for Participant {
    const KIND: &'static str = "participant";

    fn key(&self) -> Key {
        key(self.session, self.id)
    }
}

fn key(session: SessionId, id: ParticipantId) -> Key {
    Key::new(&PartitionKey::Session(session), &SortKey::Participant(id))
}

/// A1. Strong: a socket opens right after its participant was written.
pub async fn get(
    store: &Store,
    session: SessionId,
    id: ParticipantId,
    now: Timestamp,
) -> Result<Option<Participant>> {
    store.get(&key(session, id), ReadConsistency::Strong, now).await
}

/// What adding someone came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddParticipantOutcome {
    Added,
    /// They are there already, and counted.
    AlreadyJoined,
    /// The session has this many, and its plan no more.
    Full(u32),
}

/// A1, G2: adds someone. Where nothing limits them it is one write, since a thousand may come at once; below a limit it is a
/// transaction with the count of them, which a thousand would wait for, but they are 100 at most.
///
/// No part of the seats is kept from one network: an audience in one room comes from one address, all at once. Whoever fills
/// a session from a script is sent away, and leaves their seats.
pub async fn add(
    store: &Store,
    participant: &Participant,
    limit: Option<u32>,
    now: Timestamp,
) -> Result<AddParticipantOutcome> {
    let Some(most) = limit else {
        let written = store.put_new(participant, now).await?;
        return Ok(if written == WriteOutcome::Applied(()) {
            AddParticipantOutcome::Added
        } else {
            AddParticipantOutcome::AlreadyJoined
        });
    };
    let counted = plan_usage::count_participant(participant.session, most);
    let writes = vec![TransactWrite::put_new(participant)?, counted];
    Ok(match store.transact(writes).await? {
        Ok(()) => AddParticipantOutcome::Added,
        Err(lost) if lost.contains(&0) => AddParticipantOutcome::AlreadyJoined,
        Err(_) => AddParticipantOutcome::Full(most),
    })
}

/// A1: a new name for someone who is there; `Refused` where nobody is.
pub async fn rename(
    store: &Store,
    session: SessionId,
    id: ParticipantId,
    display_name: &str,
) -> Result<WriteOutcome<Participant>> {
    let change = UpdateExpression::new("SET display_name = :name")
        .with_condition("attribute_exists(pk)")
        .text(":name", display_name);
    store.update(&key(session, id), change).await
}

/// A1, G2: sends someone away; their answers stay, and their seat, where seats are counted, is free for another, once however
/// often this is asked for. `Refused` where nobody is.
pub async fn remove(
    store: &Store,
    session: SessionId,
    id: ParticipantId,
    now: Timestamp,
) -> Result<WriteOutcome> {
    let first = UpdateExpression::new("SET removed_at = :now")
        .with_condition("attribute_exists(pk) AND attribute_not_exists(removed_at)")
        .text(":now", now);
    let writes =
        vec![TransactWrite::update(key(session, id), first), plan_usage::uncount_participant(session)];
    if store.transact(writes).await?.is_ok() {
        return Ok(WriteOutcome::Applied(()));
    }
    // nobody is there, they were sent away before, or seats are not counted
    let change = UpdateExpression::new("SET removed_at = if_not_exists(removed_at, :now)")
        .with_condition("attribute_exists(pk)")
        .text(":now", now);
    store.update_without_return(&key(session, id), change).await
}

fn participants_query(session: SessionId) -> Query {
    Query::with_prefix(&PartitionKey::Session(session), prefix::PARTICIPANT)
}

/// A2.
pub async fn page(
    store: &Store,
    session: SessionId,
    limit: usize,
    cursor: Option<&str>,
    now: Timestamp,
) -> Result<Page<Participant>> {
    store.page(participants_query(session), limit, cursor, now).await
}

/// A2: everyone who ever joined, in the order of their ids. For a report, which is written once.
pub async fn list(store: &Store, session: SessionId, now: Timestamp) -> Result<Vec<Participant>> {
    store.query_all(participants_query(session).strong(), now).await
}

/// A2: how many ever joined. Costs by their number: for statistics, not for every look at a session.
pub async fn count(store: &Store, session: SessionId) -> Result<u64> {
    store.count(participants_query(session)).await
}
