use jiff::{SignedDuration, Timestamp};
use model::{ChannelId, MessageId};
use serde::{Deserialize, Serialize};

use super::{MAX_SEQ, Message, MessagePin, append::wait_with_jitter, log_query, pins};
use crate::{
    ConditionExpression, Item, Key, PageRequest, Query, Store, TransactOutcome, TransactWrite, WriteOutcome,
    dynamodb::{
        error::{Result, StoreError},
        item::from_attributes,
        key::{PartitionKey, SortKey},
    },
    identity::audit_log::AuditEntry,
};

/// How long changes are kept. A client that was away longer reads the messages again.
const RETENTION: SignedDuration = SignedDuration::from_hours(30 * 24);
/// The first of so many changes is kept for ever. If all others have expired, it shows which numbers were used.
const PERMANENT_INTERVAL: u64 = 64;
/// Attempts at the next number before the log is read again. Each costs a failed transaction.
const MAX_PROBES: usize = 3;
/// The number of attempts against concurrent changes of other messages in the channel.
const MAX_ATTEMPTS: usize = 60;
/// If a message changed within this time, its change was probably the last one of the channel, so its number is not
/// looked up.
const RECENT_PERIOD: SignedDuration = SignedDuration::from_secs(2);

/// A change of a message, in the channel's log of changes. Numbers start at 1 and have no gaps, except after a time of
/// 30 days without changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageChange {
    pub channel: ChannelId,
    pub number: u64,
    /// The number of the message.
    pub seq: u64,
    pub changed_at: Timestamp,
    /// The text has changed.
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

    /// Returns the number after this change, which is the last one that is stored. Expired changes are deleted in any
    /// order, except each [`PERMANENT_INTERVAL`]th. If this change has expired, later ones may have been deleted, so
    /// the log continues after the next permanent number. Clients with earlier numbers must resync.
    fn next_number(&self, now: Timestamp) -> u64 {
        if self.changed_at + RETENTION > now {
            self.number + 1
        } else {
            self.number - (self.number - 1) % PERMANENT_INTERVAL + PERMANENT_INTERVAL
        }
    }
}

/// CHAT-1, CHAT-4, CHAT-5. Replaces a message as it was read, and appends the change to the channel's log of changes.
/// If the message is pinned or unpinned by it, its pin is written or deleted.
///
/// All of it is one transaction, because a change without a number would not reach clients that are away. The condition
/// fails if the message has changed in between, and the caller reads it again. 4 write units, 1 read unit if the
/// message has not changed in the last seconds, and 2 write units for a pin.
///
/// # Errors
/// Returns [`StoreError::Contended`] if other changes of the channel came first in each attempt.
pub async fn change(
    store: &Store,
    before: &Message,
    after: Message,
    now: Timestamp,
) -> Result<WriteOutcome<Message>> {
    write_change(store, before, after, None, now).await
}

/// CHAT-1, CHAT-4, CHAT-5, IDENTITY-13. Changes a message as [`change`] does, with an audit entry. 2 write units more.
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
    let is_recent = before.change > 0 && before.updated_at + RECENT_PERIOD > now;
    let mut number =
        if is_recent { before.change + 1 } else { find_next_number(store, before, 0, now).await? };
    for attempt in 1..=MAX_ATTEMPTS {
        after.change = number;
        let is_edit = before.edited_at != after.edited_at;
        let change =
            MessageChange { channel: before.channel, number, seq: before.seq, changed_at: now, is_edit };
        let unchanged = ConditionExpression::new("version = :read").number(":read", before.version);
        let mut writes = vec![
            ("change", TransactWrite::put_new(&change)?),
            ("message", TransactWrite::put(&after, unchanged)?),
        ];
        writes.extend(pin_write(before, &after)?.map(|write| ("pin", write)));
        if let Some(action) = action {
            writes.push(("audit entry", TransactWrite::put(action, ConditionExpression::default())?));
        }
        match store.transact(writes).await? {
            TransactOutcome::Applied => return Ok(WriteOutcome::Applied(after)),
            TransactOutcome::Failed(failures) if failures.contains("message") => {
                return Ok(WriteOutcome::ConditionFailed);
            }
            TransactOutcome::Failed(_) if attempt % MAX_PROBES != 0 => number += 1,
            TransactOutcome::Failed(_) => {
                wait_with_jitter(attempt / MAX_PROBES).await;
                number = find_next_number(store, before, number, now).await?;
            }
        }
    }
    Err(StoreError::Contended("the change log of the channel"))
}

/// Returns the number after the last change. `known` is a number that is used for certain.
async fn find_next_number(store: &Store, before: &Message, known: u64, now: Timestamp) -> Result<u64> {
    let newest = newest_change(store, before.channel).await?;
    Ok(newest.map_or(1, |newest| newest.next_number(now)).max(before.change + 1).max(known + 1))
}

/// CHAT-4. Returns up to `limit` changes after a number, oldest first. Expired changes are left out. One strong
/// request.
pub async fn list_changes(
    store: &Store,
    channel: ChannelId,
    after: u64,
    limit: u64,
    now: Timestamp,
) -> Result<Vec<MessageChange>> {
    let query = log_query(&PartitionKey::Changes(channel), after + 1, MAX_SEQ);
    let page = PageRequest::internal(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(store.page(query, &page, now).await?.items)
}

/// CHAT-4. Returns the last change of a channel, even if it has expired and is still stored, because the next number
/// follows it. Strong.
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
