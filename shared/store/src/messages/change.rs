use jiff::{SignedDuration, Timestamp};
use model::{ChannelId, MessageId};
use serde::{Deserialize, Serialize};

use super::{Message, last};
use crate::{
    Condition, Freshness, Item, Key, Store, Write, Written,
    error::{Result, StoreError},
    table::{Pk, Sk},
};

/// How long changes can be asked for: whoever was away for longer reads the messages anew.
const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);
/// How often somebody may change another message of the channel at the same moment.
const MOST_TRIES: u64 = 30;

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

/// X1, X4: a message as it was read becomes another one, and that it did has the next number. One transaction: a change without
/// its number would reach nobody who is away. `Refused` where somebody changed it in between: read it again. 4 write units.
///
/// # Errors
/// `Unavailable` where others changed messages of this channel again and again.
pub async fn change(
    store: &Store,
    before: &Message,
    after: Message,
    now: Timestamp,
) -> Result<Written<Message>> {
    let mut after = after;
    after.version = before.version + 1;
    after.updated_at = now;
    let newest: Option<Change> = last(store, &Pk::Changes(before.channel), Freshness::Strong, now).await?;
    let mut number = newest.map_or(0, |newest| newest.number).max(before.change) + 1;
    for _ in 0..MOST_TRIES {
        after.change = number;
        let change = Change { channel: before.channel, number, seq: before.seq, changed_at: now };
        let unchanged = Condition::new("version = :read").number(":read", before.version);
        let writes = vec![Write::put_new(&change)?, Write::put(&after, unchanged)?];
        match store.transact(writes).await? {
            Ok(()) => return Ok(Written::Done(after)),
            Err(lost) if lost.contains(&1) => return Ok(Written::Refused),
            Err(_) => number += 1,
        }
    }
    Err(StoreError::Unavailable("others change messages of this channel all the time".into()))
}
