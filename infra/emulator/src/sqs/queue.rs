//! One queue in memory. It does no I/O, and the time is a parameter.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use super::{
    QueueDepth, QueueSpec,
    fifo::{self, DeduplicationWindow},
    message::{QueueMessage, ReceiptHandle},
    queue_chaos::QueueChaos,
};

pub(super) struct EmulatedQueue {
    pub(super) spec: QueueSpec,
    messages: BTreeMap<u64, QueueMessage>,
    /// The messages with at least one receive. They are few, so timeouts and dead letters need no walk through the
    /// backlog.
    received: BTreeSet<u64>,
    pub(super) deduplication: DeduplicationWindow,
    /// A lower bound of all `sent_at`.
    oldest: i64,
}

/// Why a receipt handle had no effect.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum StaleReceipt {
    /// The message is deleted or was delivered again.
    Superseded,
    /// The visibility timeout has passed.
    Expired,
}

impl EmulatedQueue {
    pub(super) fn new(spec: QueueSpec) -> Self {
        Self {
            spec,
            messages: BTreeMap::new(),
            received: BTreeSet::new(),
            deduplication: DeduplicationWindow::default(),
            oldest: i64::MAX,
        }
    }

    pub(super) fn put(&mut self, message: QueueMessage) {
        self.oldest = self.oldest.min(message.sent_at);
        if message.receives > 0 {
            self.received.insert(message.sequence);
        }
        self.messages.insert(message.sequence, message);
    }

    pub(super) fn remove(&mut self, sequence: u64) -> Option<QueueMessage> {
        self.received.remove(&sequence);
        self.messages.remove(&sequence)
    }

    pub(super) fn clear(&mut self) -> Vec<u64> {
        let sequences = self.messages.keys().copied().collect();
        *self = Self::new(self.spec.clone());
        sequences
    }

    pub(super) fn messages(&self) -> impl Iterator<Item = &QueueMessage> {
        self.messages.values()
    }

    /// The key of a deduplication id in the deduplication window.
    pub(super) fn deduplication_key(&self, group: &str, id: &str) -> String {
        if self.spec.deduplicate_per_group { format!("{group}\0{id}") } else { id.to_owned() }
    }

    /// Deletes the messages that are older than the retention. Removes and returns those that were received too often.
    pub(super) fn expire_and_take_dead_letters(&mut self, now: i64) -> Vec<QueueMessage> {
        let retention = millis(self.spec.retention);
        if self.oldest.saturating_add(retention) <= now {
            self.messages.retain(|_, message| message.sent_at + retention > now);
            self.received.retain(|sequence| self.messages.contains_key(sequence));
            self.oldest = self.messages.values().map(|message| message.sent_at).min().unwrap_or(i64::MAX);
        }
        let back: Vec<_> =
            self.received.iter().filter_map(|s| self.messages.get(s)).filter(|m| m.is_visible(now)).collect();
        let limit =
            self.spec.max_receive_count.filter(|_| self.spec.dead_letter_queue.is_some()).unwrap_or(u32::MAX);
        let spent = |message: &&&QueueMessage| message.is_chaos_duplicate || message.receives >= limit;
        let spent: Vec<u64> = back.iter().filter(spent).map(|message| message.sequence).collect();
        spent
            .into_iter()
            .filter_map(|sequence| self.remove(sequence))
            .filter(|message| !message.is_chaos_duplicate)
            .collect()
    }

    /// Receives up to `max` messages, which stay invisible for `visibility`.
    pub(super) fn receive(
        &mut self,
        now: i64,
        max: usize,
        visibility: Duration,
        chaos: Option<&QueueChaos>,
    ) -> Vec<QueueMessage> {
        let picked = if self.spec.fifo {
            fifo::deliverable_messages(&self.messages, &self.received, now, max)
        } else {
            let visible =
                self.messages.values().filter(|message| message.is_visible(now)).map(|m| m.sequence);
            match chaos {
                Some(chaos) => chaos.pick_reordered(visible, max),
                None => visible.take(max).collect(),
            }
        };
        let mut taken = Vec::with_capacity(picked.len());
        for sequence in picked {
            let Some(message) = self.messages.get_mut(&sequence) else { continue };
            message.receives += 1;
            message.first_received_at.get_or_insert(now);
            message.visible_at = now.saturating_add(millis(visibility));
            self.received.insert(sequence);
            taken.push(message.clone());
        }
        taken
    }

    /// Returns the deleted message, or `None` if chaos dropped the deletion.
    pub(super) fn delete(
        &mut self,
        receipt: &ReceiptHandle,
        now: i64,
        chaos: Option<&QueueChaos>,
    ) -> Result<Option<QueueMessage>, StaleReceipt> {
        let fifo = self.spec.fifo;
        let message = self.message_of_receipt(receipt)?;
        if fifo && message.is_visible(now) {
            return Err(StaleReceipt::Expired);
        }
        if fifo && !message.is_deletion_lost && chaos.is_some_and(QueueChaos::roll_lost_deletion) {
            message.is_deletion_lost = true;
            message.visible_at = now;
            // A dropped deletion is no failure, so it must not count towards `max_receive_count`.
            message.receives = message.receives.saturating_sub(1);
            if message.receives == 0 {
                self.received.remove(&receipt.sequence);
            }
            return Ok(None);
        }
        Ok(self.remove(receipt.sequence))
    }

    /// `ChangeMessageVisibility`.
    pub(super) fn change_visibility(
        &mut self,
        receipt: &ReceiptHandle,
        now: i64,
        after: Duration,
    ) -> Result<&QueueMessage, StaleReceipt> {
        let message = self.message_of_receipt(receipt)?;
        if message.is_visible(now) {
            return Err(StaleReceipt::Expired);
        }
        message.visible_at = now.saturating_add(millis(after));
        Ok(message)
    }

    /// Makes all messages in flight visible.
    pub(super) fn release_in_flight(&mut self, now: i64) -> Vec<QueueMessage> {
        let in_flight = self.messages.values_mut().filter(|message| message.is_in_flight(now));
        let released = in_flight.map(|message| {
            message.visible_at = now;
            message.clone()
        });
        released.collect()
    }

    fn message_of_receipt(&mut self, receipt: &ReceiptHandle) -> Result<&mut QueueMessage, StaleReceipt> {
        let message = self.messages.get_mut(&receipt.sequence).ok_or(StaleReceipt::Superseded)?;
        if message.receives == receipt.receive_count { Ok(message) } else { Err(StaleReceipt::Superseded) }
    }

    /// The time at which the next invisible message becomes visible.
    pub(super) fn next_visible_at(&self, now: i64) -> Option<i64> {
        self.messages.values().map(|message| message.visible_at).filter(|at| *at > now).min()
    }

    pub(super) fn depth(&self, now: i64) -> QueueDepth {
        let mut depth = QueueDepth::default();
        for message in self.messages.values() {
            let state = match message {
                message if message.is_visible(now) => &mut depth.visible,
                message if message.is_in_flight(now) => &mut depth.in_flight,
                _ => &mut depth.delayed,
            };
            *state += 1;
        }
        depth
    }
}

pub(super) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
