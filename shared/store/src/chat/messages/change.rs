use jiff::{SignedDuration, Timestamp};
use model::{ChannelId, MessageId};
use serde::{Deserialize, Serialize};

use super::{MAX_SEQ, Message, MessagePin, append::wait_with_jitter, log_query, pins};
use crate::{
    ConditionExpression, Item, Key, Query, Store, TransactWrite, WriteOutcome,
    dynamodb::{
        error::{Result, StoreError},
        item::from_attributes,
        key::{PartitionKey, SortKey},
    },
    identity::audit_log::AuditEntry,
};

/// How long changes can be asked for: whoever was away for longer reads the messages anew.
const RETENTION: SignedDuration = SignedDuration::from_hours(30 * 24);
/// Of so many changes the first is kept for ever: where all others are forgotten, it says which numbers were given.
const PERMANENT_INTERVAL: u64 = 64;
/// Steps to the next number before the log is read on: each is a transaction that fails.
const MAX_PROBES: usize = 3;
/// How often somebody may change another message of the channel at the same moment.
const MAX_ATTEMPTS: usize = 60;
/// Where a message has changed so lately, that was probably the last change of its channel: nobody asks which it was.
const RECENT_PERIOD: SignedDuration = SignedDuration::from_secs(2);

/// That a message changed, at its place in the log of changes of its channel: from 1, without gaps, as messages are; but
/// for one where nothing changed for [`RETENTION`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageChange {
    pub channel: ChannelId,
    pub number: u64,
    /// Which message.
    pub seq: u64,
    pub changed_at: Timestamp,
    /// It says something else since then.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_edit: bool,
}

impl Item for MessageChange {
    const KIND: &'static str = "message_change";

    fn key(&self) -> Key {
        Key::new(&PartitionKey::Changes(self.channel), &SortKey::Number(self.number))
    }

    fn expires_at(&self) -> Option<Timestamp> {
        (self.number % PERMANENT_INTERVAL != 1).then(|| self.changed_at + RETENTION)
    }
}

impl MessageChange {
    pub const fn message(&self) -> MessageId {
        MessageId { channel: self.channel, seq: self.seq }
    }

    /// The number after this one, which is the last that lies there. Those after it may have been forgotten, in any order, but
    /// none that is kept for ever: that is the next where it may be so, and whoever has numbers before it reads anew.
    fn next_number(&self, now: Timestamp) -> u64 {
        if self.changed_at + RETENTION > now {
            self.number + 1
        } else {
            self.number - (self.number - 1) % PERMANENT_INTERVAL + PERMANENT_INTERVAL
        }
    }
}

/// X1, X4, X5: a message as it was read becomes another one, and that it did has the next number; where it is pinned by that, or
/// no longer, its pin comes or goes. One transaction: a change without its number would reach nobody who is away. `Refused`
/// where somebody changed it in between: read it again. 4 write units, 1 read unit where the message has not changed just now,
/// and 2 write units for a pin.
///
/// # Errors
/// `Unavailable` where others changed messages of this channel again and again.
pub async fn change(
    store: &Store,
    before: &Message,
    after: Message,
    now: Timestamp,
) -> Result<WriteOutcome<Message>> {
    write_change(store, before, after, None, now).await
}

/// X1, X4, X5, N1: as [`change`], by an admin, and that they did is written down with it. 2 write units more.
///
/// # Errors
/// As [`change`].
pub async fn change_with_audit(
    store: &Store,
    before: &Message,
    after: Message,
    action: &AuditEntry,
    now: Timestamp,
) -> Result<WriteOutcome<Message>> {
    write_change(store, before, after, Some(action), now).await
}

async fn write_change(
    store: &Store,
    before: &Message,
    after: Message,
    action: Option<&AuditEntry>,
    now: Timestamp,
) -> Result<WriteOutcome<Message>> {
    let mut after = after;
    after.version = before.version + 1;
    after.updated_at = now;
    let is_hot = before.change > 0 && before.updated_at + RECENT_PERIOD > now;
    let mut number = if is_hot { before.change + 1 } else { find_next_number(store, before, 0, now).await? };
    for attempt in 1..=MAX_ATTEMPTS {
        after.change = number;
        let is_edit = before.edited_at != after.edited_at;
        let change =
            MessageChange { channel: before.channel, number, seq: before.seq, changed_at: now, is_edit };
        let unchanged = ConditionExpression::new("version = :read").number(":read", before.version);
        let mut writes = vec![TransactWrite::put_new(&change)?, TransactWrite::put(&after, unchanged)?];
        writes.extend(pin_write(before, &after)?);
        if let Some(action) = action {
            writes.push(TransactWrite::put(action, ConditionExpression::default())?);
        }
        match store.transact(writes).await? {
            Ok(()) => return Ok(WriteOutcome::Applied(after)),
            Err(lost) if lost.contains(&1) => return Ok(WriteOutcome::ConditionFailed),
            Err(_) if attempt % MAX_PROBES != 0 => number += 1,
            Err(_) => {
                wait_with_jitter(attempt / MAX_PROBES).await;
                number = find_next_number(store, before, number, now).await?;
            }
        }
    }
    Err(StoreError::Unavailable("others change messages of this channel all the time".into()))
}

/// The number after the last change, which is at least `known`.
async fn find_next_number(store: &Store, before: &Message, known: u64, now: Timestamp) -> Result<u64> {
    let newest = newest_change(store, before.channel).await?;
    Ok(newest.map_or(1, |newest| newest.next_number(now)).max(before.change + 1).max(known + 1))
}

/// X4: what changed in a channel after that change, so many of them, oldest first; not what is forgotten. One request; strong.
pub async fn list_changes(
    store: &Store,
    channel: ChannelId,
    after: u64,
    limit: u64,
    now: Timestamp,
) -> Result<Vec<MessageChange>> {
    let query = log_query(&PartitionKey::Changes(channel), after + 1, MAX_SEQ);
    Ok(store.page(query, usize::try_from(limit).unwrap_or(usize::MAX), None, now).await?.items)
}

/// X4: the last change of a channel, also where it is forgotten and still lies there: the next number is after it. Strong.
pub(super) async fn newest_change(store: &Store, channel: ChannelId) -> Result<Option<MessageChange>> {
    let query = Query::partition(&PartitionKey::Changes(channel)).newest_first().limit(1).strong();
    let (found, _) = store.query_once(query).await?;
    found.into_iter().next().map(from_attributes).transpose()
}

fn pin_write(before: &Message, after: &Message) -> Result<Option<TransactWrite>> {
    match (before.pinned_at, after.pinned_at) {
        (None, Some(pinned_at)) => {
            let pin = MessagePin { channel: after.channel, seq: after.seq, pinned_at };
            Ok(Some(TransactWrite::put(&pin, ConditionExpression::default())?))
        }
        (Some(_), None) => {
            Ok(Some(TransactWrite::delete(pins::key(after.id()), ConditionExpression::default())))
        }
        _ => Ok(None),
    }
}
