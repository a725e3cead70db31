//! Participants of a session.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | SESSIONS-19 | one participant | table | `SESSION#{id}` | `PARTICIPANT#{id}` | [`get`], [`add`], [`add_within_plan`], [`rename`], [`remove`] |
//! | SESSIONS-20 | all participants | table | `SESSION#{id}` | `PARTICIPANT#…` | [`page`], [`list`], [`count`] |
//! | SESSIONS-23 | the participants that were removed | table | `SESSION#{id}` | `REMOVED` | [`list_removed`], [`remove`] |

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Timestamp};
use model::{ParticipantId, SessionId, UserId};
use serde::{Deserialize, Serialize};

use crate::{
    Item, Key, Page, PageRequest, Query, ReadConsistency, Store, TransactOutcome, TransactWrite,
    UpdateExpression, WriteOutcome,
    dynamodb::{
        error::Result,
        item::{DUE_SHARD, sortable_timestamp},
        key::{PartitionKey, SortKey, prefix},
    },
    identity::{plan_usage, users},
    sessions::Session,
};

/// The request that removes a participant closes their sockets within this time. If it dies, the clock has them closed.
const SOCKET_CLOSE_PERIOD: SignedDuration = SignedDuration::from_secs(60);

/// A participant. Whether they are online follows from their connections.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Participant {
    pub session: SessionId,
    pub id: ParticipantId,
    /// `None` if the participant is anonymous.
    pub display_name: Option<String>,
    /// The account of a participant who joined with one.
    pub user: Option<UserId>,
    pub joined_at: Timestamp,
    /// When the presenter removed the participant, who may not return.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removed_at: Option<Timestamp>,
}

impl Item for Participant {
    const KIND: &'static str = "participant";

    fn key(&self) -> Key {
        key(self.session, self.id)
    }
}

/// The ids of the participants that the presenter has removed from a session. Every instance that stores votes reads them with the
/// session, because a read of the participant for each vote would cost half as much as the vote. An item of 400 KB holds
/// 10,000 ids.
#[derive(Debug, Serialize, Deserialize)]
struct RemovedParticipants {
    session: SessionId,
    participants: BTreeSet<ParticipantId>,
}

impl Item for RemovedParticipants {
    const KIND: &'static str = "removed_participants";

    fn key(&self) -> Key {
        removed_key(self.session)
    }
}

fn removed_key(session: SessionId) -> Key {
    Key::new(&PartitionKey::Session(session), &SortKey::RemovedParticipants)
}

fn key(session: SessionId, id: ParticipantId) -> Key {
    Key::new(&PartitionKey::Session(session), &SortKey::Participant(id))
}

/// SESSIONS-19. Returns a participant. Strong, because a socket opens right after the participant was written.
pub async fn get(
    store: &Store,
    session: SessionId,
    id: ParticipantId,
    now: Timestamp,
) -> Result<Option<Participant>> {
    store.get(&key(session, id), ReadConsistency::Strong, now).await
}

/// The outcome of adding a participant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddParticipantOutcome {
    Added,
    /// The participant has joined and is counted already.
    AlreadyJoined,
    /// The session has this many participants, and its plan allows no more.
    Full(u32),
}

/// SESSIONS-19, IDENTITY-11. Adds a participant. Without a limit it is one write, because a thousand participants may
/// join at the same time. With a limit it is a transaction with the counter. A thousand would wait for each other
/// there, but the limit is 100 at most.
///
/// There is no limit for one network, because an audience in one room has one address and joins at the same time. The
/// presenter can remove participants that a script has added, which frees their seats.
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
    let writes = vec![("participant", TransactWrite::put_new(participant)?), ("quota", counted)];
    Ok(match store.transact(writes).await? {
        TransactOutcome::Applied => AddParticipantOutcome::Added,
        TransactOutcome::Failed(failures) if failures.contains("participant") => {
            AddParticipantOutcome::AlreadyJoined
        }
        TransactOutcome::Failed(_) => AddParticipantOutcome::Full(most),
    })
}

/// SESSIONS-19, IDENTITY-1, IDENTITY-11. Adds a participant if the session has a seat. The seats are those of its plan,
/// or of the plan that its owner has now if that is larger. The owner is read only when the session is full, so that a
/// talk gets more seats while it runs, and a join costs no more.
///
/// A participant of an owner without a limit is not counted. If the owner's limit returns, the session has more seats.
pub async fn add_within_plan(
    store: &Store,
    session: &Session,
    participant: &Participant,
    now: Timestamp,
) -> Result<AddParticipantOutcome> {
    let added = add(store, participant, session.plan.limits().participants_per_session, now).await?;
    let AddParticipantOutcome::Full(most) = added else { return Ok(added) };
    let Some(owner) = users::get(store, session.owner, now).await? else { return Ok(added) };
    match owner.plan.limits().participants_per_session {
        Some(limit) if limit <= most => Ok(added),
        limit => add(store, participant, limit, now).await,
    }
}

/// SESSIONS-19. Renames a participant. The condition fails if there is none, or if the presenter has removed them.
pub async fn rename(
    store: &Store,
    session: SessionId,
    id: ParticipantId,
    display_name: &str,
) -> Result<WriteOutcome<Participant>> {
    let change = UpdateExpression::new("SET display_name = :name")
        .with_condition("attribute_exists(pk) AND attribute_not_exists(removed_at)")
        .text(":name", display_name);
    store.update(&key(session, id), change).await
}

/// SESSIONS-19, SESSIONS-23, IDENTITY-11. Removes a participant. Their answers stay. If seats are counted, their seat becomes
/// free once, however often this is called. The condition fails if there is no such participant.
///
/// The participant is in the `due` index until [`finish_removal`], because the caller may die before it closes the sockets. 8 write
/// units and 1 for the index, 6 and 1 if no seat is counted.
pub async fn remove(
    store: &Store,
    session: SessionId,
    id: ParticipantId,
    now: Timestamp,
) -> Result<WriteOutcome> {
    let removed = |set: &str, condition: &str| {
        let change =
            UpdateExpression::new(format!("SET removed_at = {set}, due_shard = :shard, due_at = :due"));
        let change = change
            .with_condition(condition)
            .text(":now", now)
            .text(":shard", DUE_SHARD)
            .text(":due", sortable_timestamp(now + SOCKET_CLOSE_PERIOD));
        ("participant", TransactWrite::update(key(session, id), change))
    };
    let listed = || {
        let change =
            UpdateExpression::new("ADD participants :one SET #session = :session, kind = :kind, v = :v")
                .name("#session", "session")
                .text(":session", session)
                .value(":one", AttributeValue::Ss(vec![id.to_string()]))
                .text(":kind", RemovedParticipants::KIND)
                .number(":v", 1);
        ("list", TransactWrite::update(removed_key(session), change))
    };
    let writes = vec![
        removed(":now", "attribute_exists(pk) AND attribute_not_exists(removed_at)"),
        listed(),
        ("quota", plan_usage::uncount_participant(session)),
    ];
    if store.transact(writes).await? == TransactOutcome::Applied {
        return Ok(WriteOutcome::Applied(()));
    }
    // The participant does not exist, was removed before, or seats are not counted.
    let writes = vec![removed("if_not_exists(removed_at, :now)", "attribute_exists(pk)"), listed()];
    Ok(store.transact(writes).await?.into())
}

/// SESSIONS-19. Takes a removed participant out of the `due` index, after their sockets were closed. 1 write unit and 1 for the
/// index.
pub async fn finish_removal(store: &Store, session: SessionId, id: ParticipantId) -> Result<()> {
    let change =
        UpdateExpression::new("REMOVE due_shard, due_at").with_condition("attribute_exists(removed_at)");
    store.update_without_return(&key(session, id), change).await.map(drop)
}

/// SESSIONS-19. Returns whether the presenter has removed a participant. Eventually consistent, 0.5 read units.
pub async fn is_removed(
    store: &Store,
    session: SessionId,
    id: ParticipantId,
    now: Timestamp,
) -> Result<bool> {
    let found: Option<Participant> = store.get(&key(session, id), ReadConsistency::Eventual, now).await?;
    Ok(found.is_some_and(|found| found.removed_at.is_some()))
}

/// SESSIONS-23. Returns the participants that the presenter has removed. 1 read unit for a hundred of them.
pub async fn list_removed(
    store: &Store,
    session: SessionId,
    now: Timestamp,
) -> Result<BTreeSet<ParticipantId>> {
    let found: Option<RemovedParticipants> =
        store.get(&removed_key(session), ReadConsistency::Strong, now).await?;
    Ok(found.map(|found| found.participants).unwrap_or_default())
}

fn participants_query(session: SessionId) -> Query {
    Query::with_prefix(&PartitionKey::Session(session), prefix::PARTICIPANT)
}

/// SESSIONS-20. Returns a page of participants.
pub async fn page(
    store: &Store,
    session: SessionId,
    request: &PageRequest,
    now: Timestamp,
) -> Result<Page<Participant>> {
    store.page(participants_query(session), request, now).await
}

/// SESSIONS-20. Returns all participants who ever joined, in the order of their ids. For reports, which are written
/// once.
pub async fn list(store: &Store, session: SessionId, now: Timestamp) -> Result<Vec<Participant>> {
    store.query_all(participants_query(session).strong(), now).await
}

/// SESSIONS-20. Counts the participants who ever joined. Costs by their number, so it is for statistics only.
pub async fn count(store: &Store, session: SessionId) -> Result<u64> {
    store.count(participants_query(session)).await
}
