use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use model::{ChannelId, MessageId};
use rand::RngExt;
use serde::{Deserialize, Serialize};

use super::{Message, Pin, last, pins};
use crate::{
    Condition, Freshness, Item, Key, Store, Write, Written,
    audit::Action,
    error::{Result, StoreError},
    table::{Pk, Sk},
};

/// How long changes can be asked for: whoever was away for longer reads the messages anew.
const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);
/// Steps to the next number before the log is read on: each is a transaction that fails.
const STEPS: usize = 3;
/// How often somebody may change another message of the channel at the same moment.
const MOST_TRIES: usize = 60;

/// That a message changed, at its place in the log of changes of its channel: from 1, without gaps, as messages are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    pub channel: ChannelId,
    pub number: u64,
    /// Which message.
    pub seq: u64,
    pub changed_at: Timestamp,
}

impl Item for Change {
    const KIND: &'static str = "message_change";

    fn key(&self) -> Key {
        Key::new(&Pk::Changes(self.channel), &Sk::Number(self.number))
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.changed_at + KEPT)
    }
}

impl Change {
    pub const fn message(&self) -> MessageId {
        MessageId { channel: self.channel, seq: self.seq }
    }
}

/// X1, X4, X5: a message as it was read becomes another one, and that it did has the next number; where it is pinned by that, or
/// no longer, its pin comes or goes. One transaction: a change without its number would reach nobody who is away. `Refused`
/// where somebody changed it in between: read it again. 4 write units, 1 read unit, and 2 write units for a pin.
///
/// # Errors
/// `Unavailable` where others changed messages of this channel again and again.
pub async fn change(
    store: &Store,
    before: &Message,
    after: Message,
    now: Timestamp,
) -> Result<Written<Message>> {
    write(store, before, after, None, now).await
}

/// X1, X4, X5, N1: as [`change`], by an admin, and that they did is written down with it. 2 write units more.
///
/// # Errors
/// As [`change`].
pub async fn change_and_note(
    store: &Store,
    before: &Message,
    after: Message,
    action: &Action,
    now: Timestamp,
) -> Result<Written<Message>> {
    write(store, before, after, Some(action), now).await
}

async fn write(
    store: &Store,
    before: &Message,
    after: Message,
    action: Option<&Action>,
    now: Timestamp,
) -> Result<Written<Message>> {
    let mut after = after;
    after.version = before.version + 1;
    after.updated_at = now;
    let mut number = next(store, before, 0, now).await?;
    for attempt in 1..=MOST_TRIES {
        after.change = number;
        let change = Change { channel: before.channel, number, seq: before.seq, changed_at: now };
        let unchanged = Condition::new("version = :read").number(":read", before.version);
        let mut writes = vec![Write::put_new(&change)?, Write::put(&after, unchanged)?];
        writes.extend(pin(before, &after)?);
        if let Some(action) = action {
            writes.push(Write::put(action, Condition::default())?);
        }
        match store.transact(writes).await? {
            Ok(()) => return Ok(Written::Done(after)),
            Err(lost) if lost.contains(&1) => return Ok(Written::Refused),
            Err(_) if attempt % STEPS != 0 => number += 1,
            Err(_) => {
                // whoever else was late waits for another moment
                let wait = rand::rng().random_range(0..5 * attempt as u64);
                tokio::time::sleep(Duration::from_millis(wait)).await;
                number = next(store, before, number, now).await?;
            }
        }
    }
    Err(StoreError::Unavailable("others change messages of this channel all the time".into()))
}

/// The number after the last change, which is at least `known`.
async fn next(store: &Store, before: &Message, known: u64, now: Timestamp) -> Result<u64> {
    let newest: Option<Change> = last(store, &Pk::Changes(before.channel), Freshness::Strong, now).await?;
    Ok(newest.map_or(0, |newest| newest.number).max(before.change).max(known) + 1)
}

fn pin(before: &Message, after: &Message) -> Result<Option<Write>> {
    match (before.pinned_at, after.pinned_at) {
        (None, Some(pinned_at)) => {
            let pin = Pin { channel: after.channel, seq: after.seq, pinned_at };
            Ok(Some(Write::put(&pin, Condition::default())?))
        }
        (Some(_), None) => Ok(Some(Write::delete(pins::key(after.id()), Condition::default()))),
        _ => Ok(None),
    }
}
