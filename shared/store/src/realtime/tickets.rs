//! Used tickets.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | REALTIME-5 | whether this ticket has been used | table | `TICKET#{id}` | `#` | [`spend`] |
//!
//! A ticket is signed and contains everything itself. The table only stores that it was used, for as long as it is
//! valid. That is one write in all. A stored ticket would cost one write to issue it and one to take it.

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

/// REALTIME-5. Marks a ticket as used. Returns `true` for the first caller.
pub async fn spend(store: &Store, id: Uuid, until: Timestamp, now: Timestamp) -> Result<bool> {
    Ok(store.put_new(&SpentTicket { id, until }, now).await? == WriteOutcome::Applied(()))
}
