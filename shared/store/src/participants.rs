//! Participants of a session.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | A1 | one participant | table | `SESSION#{id}` | `PARTICIPANT#{id}` | [`get`], [`add`], [`rename`], [`remove`] |
//! | A2 | all participants | table | `SESSION#{id}` | `PARTICIPANT#…` | [`page`], [`list`], [`count`] |

use std::time::Duration;

use jiff::Timestamp;
use model::{ParticipantId, SessionId, UserId, plan::Limits};
use serde::{Deserialize, Serialize};

use crate::{
    Change, Freshness, Item, Key, Limit, Page, Query, Store, Write, Written,
    error::Result,
    limits,
    table::{Pk, Sk, prefix},
    usage,
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
    Key::new(&Pk::Session(session), &Sk::Participant(id))
}

/// A1. Strong: a socket opens right after its participant was written.
pub async fn get(
    store: &Store,
    session: SessionId,
    id: ParticipantId,
    now: Timestamp,
) -> Result<Option<Participant>> {
    store.get(&key(session, id), Freshness::Strong, now).await
}

/// What adding someone came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    Done,
    /// They are there already, and counted.
    There,
    /// The session has this many, and its plan no more.
    Full(u32),
    /// Their network has taken its part of the seats, for this long.
    FromOneNetwork(Duration),
}

/// What [`Limits::guests_per_network`] is counted in.
const OF_NETWORK: Duration = Duration::from_mins(10);

/// A1, G2, R1: adds someone, and counts a guest for the `network` they come from. Where nothing limits them it is one write,
/// since a thousand may come at once; below a limit it is a transaction with the counts of them, which a thousand would
/// wait for, but they are 100 at most.
pub async fn add(
    store: &Store,
    participant: &Participant,
    limits: &Limits,
    network: Option<&str>,
    now: Timestamp,
) -> Result<Added> {
    let Some(most) = limits.participants_per_session else {
        let written = store.put_new(participant, now).await?;
        return Ok(if written == Written::Done(()) { Added::Done } else { Added::There });
    };
    let session = participant.session;
    let mut writes = vec![Write::put_new(participant)?, usage::one_participant(session, most)];
    let guests = limits.guests_per_network().unwrap_or(most);
    let guests = Limit { what: "guests", most: guests.into(), window: OF_NETWORK };
    if let Some(network) = network {
        writes.push(limits::one(guests, &format!("{session}#{network}"), now));
    }
    Ok(match store.transact(writes).await? {
        Ok(()) => Added::Done,
        Err(lost) if lost.contains(&0) => Added::There,
        Err(lost) if lost.contains(&1) => Added::Full(most),
        Err(_) => Added::FromOneNetwork(guests.left(now)),
    })
}

/// A1: a new name for someone who is there; `Refused` where nobody is.
pub async fn rename(
    store: &Store,
    session: SessionId,
    id: ParticipantId,
    display_name: &str,
) -> Result<Written<Participant>> {
    let change =
        Change::new("SET display_name = :name").only_if("attribute_exists(pk)").text(":name", display_name);
    store.update(&key(session, id), change).await
}

/// A1, G2: sends someone away; their answers stay, and their seat, where seats are counted, is free for another, once however
/// often this is asked for. `Refused` where nobody is.
pub async fn remove(store: &Store, session: SessionId, id: ParticipantId, now: Timestamp) -> Result<Written> {
    let first = Change::new("SET removed_at = :now")
        .only_if("attribute_exists(pk) AND attribute_not_exists(removed_at)")
        .text(":now", now);
    let writes = vec![Write::update(key(session, id), first), usage::one_participant_less(session)];
    if store.transact(writes).await?.is_ok() {
        return Ok(Written::Done(()));
    }
    // nobody is there, they were sent away before, or seats are not counted
    let change = Change::new("SET removed_at = if_not_exists(removed_at, :now)")
        .only_if("attribute_exists(pk)")
        .text(":now", now);
    store.update_unseen(&key(session, id), change).await
}

fn all(session: SessionId) -> Query {
    Query::starting(&Pk::Session(session), prefix::PARTICIPANT)
}

/// A2.
pub async fn page(
    store: &Store,
    session: SessionId,
    limit: usize,
    cursor: Option<&str>,
    now: Timestamp,
) -> Result<Page<Participant>> {
    store.page(all(session), limit, cursor, now).await
}

/// A2: everyone who ever joined, in the order of their ids. For a report, which is written once.
pub async fn list(store: &Store, session: SessionId, now: Timestamp) -> Result<Vec<Participant>> {
    store.query_all(all(session).strong(), now).await
}

/// A2: how many ever joined. Costs by their number: for statistics, not for every look at a session.
pub async fn count(store: &Store, session: SessionId) -> Result<u64> {
    store.count(all(session)).await
}
