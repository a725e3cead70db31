//! Tickets that were used.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | K1 | has this ticket been used | table | `TICKET#{id}` | `#` | [`spend`] |
//!
//! A ticket is signed and says everything itself; the table only remembers that it was used, for as long as it could
//! be used again. One write in all, where a stored ticket would cost one to issue and one to take.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    Item, Key, Store, WriteOutcome,
    dynamodb::{
        error::Result,
        key::{PartitionKey, SortKey},
    },
};

#[derive(Debug, Serialize, Deserialize)]
struct SpentTicket {
    id: Uuid,
    until: Timestamp,
}

impl Item for SpentTicket {
    const KIND: &'static str = "spent_ticket";

    fn key(&self) -> Key {
        Key::new(&PartitionKey::Ticket(&self.id.to_string()), &SortKey::Self_)
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.until)
    }
}

/// K1: `true` for the first who comes with it.
pub async fn spend(store: &Store, id: Uuid, until: Timestamp, now: Timestamp) -> Result<bool> {
    Ok(store.put_new(&SpentTicket { id, until }, now).await? == WriteOutcome::Applied(()))
}
