//! The joins that a full session has refused.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | SESSIONS-24 | the refused joins by instance | table | `SESSION#{id}` | `REFUSED#…` | [`record_refusals`], [`sum_refusals`] |
//!
//! Each instance stores the number of its own refusals ([`model::refused_joins`]). A job adds them up once a second and stores
//! the sum beside the session, where it is read with the other counts ([`super::TurnedAwayCount`]).

use jiff::Timestamp;
use model::{SessionId, refused_joins::CountedRefusals};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::TurnedAwayCount;
use crate::{
    ConditionExpression, Item, Key, Query, Store,
    dynamodb::{
        error::Result,
        key::{PartitionKey, SortKey, prefix},
    },
};

/// The joins that one instance has refused.
#[derive(Debug, Serialize, Deserialize)]
struct InstanceRefusals {
    session: SessionId,
    counter: Uuid,
    refused: u64,
    /// The seats of the session at the last refusal.
    seats: u32,
}

impl Item for InstanceRefusals {
    const KIND: &'static str = "refused_joins";

    fn key(&self) -> Key {
        Key::new(&PartitionKey::Session(self.session), &SortKey::RefusedJoins(self.counter))
    }
}

/// SESSIONS-24. Stores the number of an instance's counter, unless a higher one is stored. 1 write unit.
pub async fn record_refusals(
    store: &Store,
    session: SessionId,
    counted: CountedRefusals,
    seats: u32,
) -> Result<()> {
    let CountedRefusals { counter, refused } = counted;
    let row = InstanceRefusals { session, counter, refused, seats };
    let is_lower = ConditionExpression::new("attribute_not_exists(pk) OR refused < :refused")
        .number(":refused", refused);
    store.put_if(&row, is_lower).await.map(drop)
}

/// SESSIONS-24. Adds up the numbers of all instances. Returns `None` if no join was refused. Strong, because the job runs right
/// after the writes. 1 read unit for about 30 instances.
pub async fn sum_refusals(
    store: &Store,
    session: SessionId,
    now: Timestamp,
) -> Result<Option<TurnedAwayCount>> {
    let query = Query::with_prefix(&PartitionKey::Session(session), prefix::REFUSED).strong();
    let rows: Vec<InstanceRefusals> = store.query_all(query, now).await?;
    let turned_away = rows.iter().map(|row| row.refused).sum();
    // the session may have more seats now than at an earlier refusal
    let seats = rows.iter().map(|row| row.seats).max();
    Ok(seats.map(|seats| TurnedAwayCount { session, turned_away, seats }))
}
