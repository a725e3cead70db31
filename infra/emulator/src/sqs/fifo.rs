//! The rules of FIFO queues. A message is accepted once within five minutes. A group delivers no message while another
//! of its messages is in flight.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::message::QueueMessage;

/// The deduplication interval of AWS.
const WINDOW_MS: i64 = 5 * 60 * 1000;

/// The deduplication ids of the last five minutes.
#[derive(Default)]
pub(super) struct DeduplicationWindow {
    seen: HashMap<String, DeduplicatedMessage>,
    prune_at: usize,
}

/// The message that used a deduplication id first. It may have been deleted since.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct DeduplicatedMessage {
    pub(super) message_id: String,
    pub(super) sequence: u64,
    at: i64,
}

impl DeduplicationWindow {
    pub(super) fn find(&self, key: &str, now: i64) -> Option<&DeduplicatedMessage> {
        self.seen.get(key).filter(|seen| seen.at + WINDOW_MS > now)
    }

    pub(super) fn insert(&mut self, key: String, message: &QueueMessage) {
        let seen = DeduplicatedMessage {
            message_id: message.id.clone(),
            sequence: message.sequence,
            at: message.sent_at,
        };
        self.restore(key, seen, message.sent_at);
    }

    pub(super) fn restore(&mut self, key: String, seen: DeduplicatedMessage, now: i64) {
        // Prunes only after the size has doubled, so that the cost of a send does not grow.
        if self.seen.len() >= self.prune_at {
            self.seen.retain(|_, seen| seen.at + WINDOW_MS > now);
            self.prune_at = 2 * self.seen.len() + 64;
        }
        self.seen.insert(key, seen);
    }

    pub(super) fn remove(&mut self, key: &str) {
        self.seen.remove(key);
    }

    pub(super) fn unexpired(&self, now: i64) -> impl Iterator<Item = (&String, &DeduplicatedMessage)> {
        self.seen.iter().filter(move |(_, seen)| seen.at + WINDOW_MS > now)
    }
}

/// The deduplication id of a message without one, if `ContentBasedDeduplication` is on.
pub(super) fn content_deduplication_id(body: &str) -> String {
    Sha256::digest(body).iter().fold(String::with_capacity(64), |hex, byte| hex + &format!("{byte:02x}"))
}

/// The messages that may be delivered now, in order.
pub(super) fn deliverable_messages(
    messages: &BTreeMap<u64, QueueMessage>,
    received: &BTreeSet<u64>,
    now: i64,
    max: usize,
) -> Vec<u64> {
    let group = |message: &QueueMessage| message.group.clone().unwrap_or_default();
    let in_flight = received
        .iter()
        .filter_map(|sequence| messages.get(sequence))
        .filter(|message| message.is_in_flight(now));
    let mut blocked: HashSet<String> = in_flight.map(group).collect();
    let mut picked = Vec::new();
    for message in messages.values() {
        if picked.len() >= max {
            break;
        }
        let group = group(message);
        if blocked.contains(&group) {
            continue;
        }
        if message.is_visible(now) {
            picked.push(message.sequence);
        } else {
            // delayed: later messages of the group must not overtake it
            blocked.insert(group);
        }
    }
    picked
}
