use std::time::Duration;

use jiff::Timestamp;
use model::{ChannelId, UserId};
use rand::RngExt;

use super::{MAX_SEQ, Message, log_query};
use crate::{
    PageRequest, Store,
    dynamodb::{
        client::PutNewOutcome,
        error::{Result, StoreError},
        key::PartitionKey,
    },
};

/// Messages in one request that scans a log.
const LOG_PAGE_SIZE: usize = 100;
/// Attempts at the next number before the log is read again. Each costs a write unit.
const MAX_PROBES: usize = 3;
/// The number of attempts. More are only lost if hundreds of members write into one channel concurrently.
const MAX_ATTEMPTS: usize = 60;
/// The longest pause of the first round in milliseconds. It is doubled seven times, to 640 ms.
const FIRST_WAIT_MS: u64 = 5;
const DOUBLINGS: usize = 7;

/// The outcome of [`append`].
#[derive(Debug, PartialEq, Eq)]
pub enum AppendOutcome {
    Inserted(Message),
    /// The message is stored already, by an earlier attempt or a concurrent one.
    Duplicate(Message),
}

/// The outcome of [`find_duplicate`].
#[derive(Debug, PartialEq, Eq)]
pub enum DuplicateLookup {
    Found(Box<Message>),
    /// No such message is stored up to this number, which is the last.
    NotFound(u64),
}

/// CHAT-2. Searches the log after a number, page by page, for the message that a sender sent with this `client_msg_id`.
/// Strong. 1 read unit for 4 KB.
pub async fn find_duplicate(
    store: &Store,
    channel: ChannelId,
    (author, client_msg_id): (UserId, &str),
    after: u64,
    now: Timestamp,
) -> Result<DuplicateLookup> {
    let is_match = |message: &Message| {
        message.author.id == author && message.client_msg_id.as_deref() == Some(client_msg_id)
    };
    scan_log(store, channel, after, is_match, now).await
}

async fn scan_log(
    store: &Store,
    channel: ChannelId,
    after: u64,
    is_match: impl Fn(&Message) -> bool,
    now: Timestamp,
) -> Result<DuplicateLookup> {
    let mut last = after;
    loop {
        let rest = log_query(&PartitionKey::Messages(channel), last + 1, MAX_SEQ);
        let page = store.page::<Message>(rest, &PageRequest::internal(LOG_PAGE_SIZE), now).await?;
        for message in page.items {
            if is_match(&message) {
                return Ok(DuplicateLookup::Found(Box::new(message)));
            }
            last = message.seq;
        }
        if page.next.is_none() {
            return Ok(DuplicateLookup::NotFound(last));
        }
    }
}

/// CHAT-1, CHAT-2. Appends a message to its channel's log and sets its `seq`.
///
/// `after` is a number up to which the log was searched for the message. Every number after it is visited before the
/// end of the log is reached. So two concurrent attempts to store one message find each other. 1 write unit for a
/// message of 1 KB, and 1 for each concurrent message that came first.
///
/// # Errors
/// Returns [`StoreError::Contended`] if other messages came first in each attempt.
pub async fn append(store: &Store, message: Message, after: u64, now: Timestamp) -> Result<AppendOutcome> {
    let mut message = message;
    message.seq = after + 1;
    for attempt in 1..=MAX_ATTEMPTS {
        let existing = match store.put_new_or_get(&message).await? {
            PutNewOutcome::Created => return Ok(AppendOutcome::Inserted(message)),
            PutNewOutcome::Exists(existing) => existing,
        };
        if is_same_message(&existing, &message) {
            return Ok(AppendOutcome::Duplicate(*existing));
        }
        message.seq += 1;
        if attempt % MAX_PROBES == 0 {
            // The log is read after the pause, because what was read before it would be out of date.
            wait_with_jitter(attempt / MAX_PROBES).await;
            let is_match = |other: &Message| is_same_message(other, &message);
            match scan_log(store, message.channel, message.seq - 1, is_match, now).await? {
                DuplicateLookup::Found(existing) => return Ok(AppendOutcome::Duplicate(*existing)),
                DuplicateLookup::NotFound(last) => message.seq = last + 1,
            }
        }
    }
    Err(StoreError::Contended("the message log of the channel"))
}

/// Pauses for a random time, so that concurrent writers do not collide again. The longest time doubles with each round.
pub(super) async fn wait_with_jitter(round: usize) {
    let longest = FIRST_WAIT_MS << round.min(DOUBLINGS);
    let wait = rand::rng().random_range(0..longest);
    tokio::time::sleep(Duration::from_millis(wait)).await;
}

/// Whether two messages are one message that was sent twice.
fn is_same_message(one: &Message, other: &Message) -> bool {
    one.author.id == other.author.id
        && one.client_msg_id.is_some()
        && one.client_msg_id == other.client_msg_id
}
