use std::time::Duration;

use jiff::Timestamp;
use model::{ChannelId, UserId};
use rand::RngExt;

use super::{MAX_SEQ, Message, log_query};
use crate::{
    Store,
    dynamodb::{
        client::PutNewOutcome,
        error::{Result, StoreError},
        key::PartitionKey,
    },
};

/// Messages that are read at once where a log is looked through.
const LOG_PAGE_SIZE: usize = 100;
/// Steps to the next number before the log is read on: each is a write unit.
const MAX_PROBES: usize = 3;
/// How often somebody may be quicker: beyond, hundreds write into one channel at once.
const MAX_ATTEMPTS: usize = 60;
/// The longest wait of the first round, and how often it is doubled: to 640 ms.
const FIRST_WAIT_MS: u64 = 5;
const DOUBLINGS: usize = 7;

/// What appending came to.
#[derive(Debug, PartialEq, Eq)]
pub enum AppendOutcome {
    Inserted(Message),
    /// It lies there from before, or from another try at the same time.
    Duplicate(Message),
}

/// What looking for a message came to.
#[derive(Debug, PartialEq, Eq)]
pub enum DuplicateLookup {
    Found(Box<Message>),
    /// It is none up to this number, which is the last.
    NotFound(u64),
}

/// X2: looks for what somebody sent under this name, behind a number: page after page, until it is found. Strong; 1 read unit
/// for 4 KB.
pub async fn find_duplicate(
    store: &Store,
    channel: ChannelId,
    (author, client_msg_id): (UserId, &str),
    after: u64,
    now: Timestamp,
) -> Result<DuplicateLookup> {
    let is_it = |message: &Message| {
        message.author.id == author && message.client_msg_id.as_deref() == Some(client_msg_id)
    };
    scan_log(store, channel, after, is_it, now).await
}

async fn scan_log(
    store: &Store,
    channel: ChannelId,
    after: u64,
    is_it: impl Fn(&Message) -> bool,
    now: Timestamp,
) -> Result<DuplicateLookup> {
    let mut last = after;
    loop {
        let rest = log_query(&PartitionKey::Messages(channel), last + 1, MAX_SEQ);
        let page = store.page::<Message>(rest, LOG_PAGE_SIZE, None, now).await?;
        for message in page.items {
            if is_it(&message) {
                return Ok(DuplicateLookup::Found(Box::new(message)));
            }
            last = message.seq;
        }
        if page.next.is_none() {
            return Ok(DuplicateLookup::NotFound(last));
        }
    }
}

/// X1, X2: puts a message at the end of its channel's log; its `seq` is given here. `after` is a number up to which the log has
/// been looked through for it: every number from there on is seen before the end is reached, so that two tries of one message
/// find each other, whichever comes first. 1 write unit for a message of 1 KB, and one for each who was quicker.
///
/// # Errors
/// `Unavailable` where others were quicker again and again.
pub async fn append(store: &Store, message: Message, after: u64, now: Timestamp) -> Result<AppendOutcome> {
    let mut message = message;
    message.seq = after + 1;
    for attempt in 1..=MAX_ATTEMPTS {
        let there = match store.put_new_or_get(&message).await? {
            PutNewOutcome::Created => return Ok(AppendOutcome::Inserted(message)),
            PutNewOutcome::Exists(there) => there,
        };
        if is_same_message(&there, &message) {
            return Ok(AppendOutcome::Duplicate(*there));
        }
        message.seq += 1;
        if attempt % MAX_PROBES == 0 {
            // read after waiting: what was read before it would be old again
            wait_with_jitter(attempt / MAX_PROBES).await;
            let is_it = |other: &Message| is_same_message(other, &message);
            match scan_log(store, message.channel, message.seq - 1, is_it, now).await? {
                DuplicateLookup::Found(there) => return Ok(AppendOutcome::Duplicate(*there)),
                DuplicateLookup::NotFound(last) => message.seq = last + 1,
            }
        }
    }
    Err(StoreError::Unavailable("others write into this channel all the time".into()))
}

/// Waits for a moment that whoever else was late does not wait for: drawn from twice as long a time after each round.
pub(super) async fn wait_with_jitter(round: usize) {
    let longest = FIRST_WAIT_MS << round.min(DOUBLINGS);
    let wait = rand::rng().random_range(0..longest);
    tokio::time::sleep(Duration::from_millis(wait)).await;
}

/// Whether two are one message, sent twice.
fn is_same_message(one: &Message, other: &Message) -> bool {
    one.author.id == other.author.id
        && one.client_msg_id.is_some()
        && one.client_msg_id == other.client_msg_id
}
