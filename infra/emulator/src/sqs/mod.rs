//! SQS: standard and FIFO queues. [`EmulatedSqs`] is the in-process API, for the event-source mappings of `infra/local`
//! and for tests. `api.rs` is the HTTP API.
//!
//! `queue.rs` and `fifo.rs` hold the rules of one queue and do no I/O. `state.rs` holds what survives a restart. This
//! file wakes waiting receivers.

mod api;
mod batch;
mod error;
mod fifo;
mod message;
mod queue;
mod queue_chaos;
mod receive;
mod request;
mod send;
mod state;

use std::{
    collections::HashMap,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::Notify;

pub(crate) use api::handle_request;
pub use message::ReceivedMessage;

use self::{
    error::SqsError,
    message::{QueueMessage, ReceiptHandle},
    queue::{EmulatedQueue, StaleReceipt},
    queue_chaos::QueueChaos,
    state::{JournalRecord, SqsState},
};
use crate::{ACCOUNT, Chaos, REGION, TimeSource};

/// A queue to create. Other queues are referenced by name, not by ARN.
#[derive(Clone, Debug)]
pub struct QueueSpec {
    /// Ends in `.fifo` if and only if the queue is FIFO.
    pub name: String,
    pub fifo: bool,
    pub visibility_timeout: Duration,
    pub delay: Duration,
    pub retention: Duration,
    /// The number of receives after which a message moves to `dead_letter_queue`.
    pub max_receive_count: Option<u32>,
    /// The name of the dead-letter queue.
    pub dead_letter_queue: Option<String>,
    /// `ContentBasedDeduplication`: a FIFO message without a deduplication id gets the hash of its body.
    pub content_based_deduplication: bool,
    /// `DeduplicationScope: messageGroup`: the same id in two groups is no duplicate.
    pub deduplicate_per_group: bool,
}

impl Default for QueueSpec {
    /// The defaults of CloudFormation.
    fn default() -> Self {
        Self {
            name: String::new(),
            fifo: false,
            visibility_timeout: Duration::from_secs(30),
            delay: Duration::ZERO,
            retention: Duration::from_hours(4 * 24),
            max_receive_count: None,
            dead_letter_queue: None,
            content_based_deduplication: false,
            deduplicate_per_group: false,
        }
    }
}

/// The number of messages in each state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueDepth {
    pub visible: usize,
    pub in_flight: usize,
    pub delayed: usize,
}

/// All queues of the emulator. Clones share one state. A method that names a queue which does not exist does nothing.
#[derive(Clone)]
pub struct EmulatedSqs {
    shared: Arc<SqsInner>,
}

struct SqsInner {
    state: Mutex<SqsState>,
    /// Wakes waiting receivers, by queue.
    notifiers: HashMap<String, Notify>,
    now: TimeSource,
    base_url: String,
    chaos: Option<QueueChaos>,
}

fn arn(name: &str) -> String {
    format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{name}")
}

impl EmulatedSqs {
    pub(crate) fn open(
        specs: Vec<QueueSpec>,
        dir: Option<&Path>,
        now: TimeSource,
        base: &str,
        chaos: Option<Chaos>,
    ) -> anyhow::Result<Self> {
        let state = SqsState::open(specs, dir, now())?;
        let notifiers = state.names().into_iter().map(|name| (name, Notify::new())).collect();
        let chaos = chaos.map(QueueChaos::new);
        let shared = SqsInner { state: Mutex::new(state), notifiers, now, base_url: base.to_owned(), chaos };
        Ok(Self { shared: Arc::new(shared) })
    }

    pub fn url(&self, name: &str) -> String {
        format!("{}/queues/{name}", self.shared.base_url)
    }

    pub fn arn(&self, name: &str) -> String {
        arn(name)
    }

    pub fn names(&self) -> Vec<String> {
        self.state().names()
    }

    /// Deletes a message. If its visibility timeout has passed, the message is delivered again.
    pub fn delete(&self, name: &str, receipt_handle: &str) {
        // A stale receipt is no error in a standard queue, and the error of a FIFO queue has no caller here.
        let _ = self.delete_by_receipt(name, receipt_handle);
    }

    fn delete_by_receipt(&self, name: &str, receipt_handle: &str) -> Result<(), SqsError> {
        let receipt =
            ReceiptHandle::parse(name, receipt_handle).ok_or_else(SqsError::invalid_receipt_handle)?;
        let now = (self.shared.now)();
        let mut state = self.state();
        let queue = state.get_mut(name).ok_or_else(SqsError::queue_does_not_exist)?;
        match queue.delete(&receipt, now, self.shared.chaos.as_ref()) {
            Ok(Some(message)) if !message.is_chaos_duplicate => {
                state
                    .commit(&[JournalRecord::deleted(name, message.sequence)], now)
                    .map_err(|error| SqsError::not_stored(&error))?;
            }
            Ok(_) | Err(StaleReceipt::Superseded) => {}
            Err(StaleReceipt::Expired) => return Err(SqsError::receipt_handle_expired()),
        }
        drop(state);
        // the next message of its group may be delivered now
        self.notify_receivers(name);
        Ok(())
    }

    /// `ChangeMessageVisibility`. Zero makes the message visible immediately.
    pub fn change_visibility(&self, name: &str, receipt_handle: &str, after: Duration) {
        // a deleted or visible message needs no release
        let _ = self.change_visibility_by_receipt(name, receipt_handle, after);
    }

    fn change_visibility_by_receipt(
        &self,
        name: &str,
        receipt_handle: &str,
        after: Duration,
    ) -> Result<(), SqsError> {
        let receipt =
            ReceiptHandle::parse(name, receipt_handle).ok_or_else(SqsError::invalid_receipt_handle)?;
        let now = (self.shared.now)();
        let mut state = self.state();
        let queue = state.get_mut(name).ok_or_else(SqsError::queue_does_not_exist)?;
        let message =
            queue.change_visibility(&receipt, now, after).map_err(|_| SqsError::message_not_in_flight())?;
        let record = (!message.is_chaos_duplicate).then(|| JournalRecord::received(name, message));
        log_write_error(state.commit(record.as_slice(), now));
        drop(state);
        self.notify_receivers(name);
        Ok(())
    }

    /// Makes all messages in flight visible, for an owner that knows that its consumers are gone.
    pub fn release_in_flight(&self, name: &str) {
        let now = (self.shared.now)();
        let mut state = self.state();
        let Some(queue) = state.get_mut(name) else { return };
        let released = queue.release_in_flight(now);
        let kept = released.iter().filter(|message| !message.is_chaos_duplicate);
        let records: Vec<JournalRecord> =
            kept.map(|message| JournalRecord::received(name, message)).collect();
        log_write_error(state.commit(&records, now));
        drop(state);
        self.notify_receivers(name);
    }

    pub fn depth(&self, name: &str) -> QueueDepth {
        let now = (self.shared.now)();
        self.state_at(now).get(name).map(|queue| queue.depth(now)).unwrap_or_default()
    }

    /// The messages in a queue, without receiving them. Their receipt handles are not valid.
    pub fn peek(&self, name: &str) -> Vec<ReceivedMessage> {
        let state = self.state_at((self.shared.now)());
        state
            .get(name)
            .map(|queue| queue.messages().map(|m| m.to_received(name)).collect())
            .unwrap_or_default()
    }

    /// Moves the messages of a dead-letter queue back to the queues that they come from. Returns their number.
    pub fn redrive(&self, dead_letters: &str) -> usize {
        let now = (self.shared.now)();
        let mut state = self.state_at(now);
        let Some(queue) = state.get_mut(dead_letters) else { return 0 };
        let moving: Vec<_> = queue
            .messages()
            .filter(|message| message.is_visible(now))
            .filter_map(|message| message.source.clone().map(|source| (message.sequence, source)))
            .collect();
        let moving: Vec<_> =
            moving.into_iter().filter_map(|(s, source)| Some((queue.remove(s)?, source))).collect();
        let mut records = Vec::new();
        let mut sources = Vec::new();
        for (message, source) in &moving {
            let fresh = QueueMessage {
                receives: 0,
                first_received_at: None,
                source: None,
                sent_at: now,
                ..message.clone()
            };
            records.extend(state.transfer(dead_letters, source, fresh, now));
            sources.push(source);
        }
        log_write_error(state.commit(&records, now));
        drop(state);
        for source in sources {
            self.notify_receivers(source);
        }
        moving.len()
    }

    fn purge(&self, name: &str) -> Result<(), SqsError> {
        let now = (self.shared.now)();
        let mut state = self.state();
        let queue = state.get_mut(name).ok_or_else(SqsError::queue_does_not_exist)?;
        let records: Vec<_> =
            queue.clear().into_iter().map(|sequence| JournalRecord::deleted(name, sequence)).collect();
        state.commit(&records, now).map_err(|error| SqsError::not_stored(&error))
    }

    fn spec(&self, name: &str) -> Result<QueueSpec, SqsError> {
        self.state()
            .get(name)
            .map(|queue: &EmulatedQueue| queue.spec.clone())
            .ok_or_else(SqsError::queue_does_not_exist)
    }

    /// The state after expiry and dead letters up to `now`.
    fn state_at(&self, now: i64) -> MutexGuard<'_, SqsState> {
        let mut state = self.state();
        match state.move_dead_letters(now) {
            Ok(filled) => filled.iter().for_each(|name| self.notify_receivers(name)),
            error @ Err(_) => log_write_error(error.map(drop)),
        }
        state
    }

    fn notify_receivers(&self, name: &str) {
        if let Some(arrivals) = self.shared.notifiers.get(name) {
            arrivals.notify_waiters();
        }
    }

    fn state(&self) -> MutexGuard<'_, SqsState> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Logs a failed write of a change that is already in memory. Losing the record costs a redelivery only.
fn log_write_error(written: std::io::Result<()>) {
    if let Err(error) = written {
        tracing::error!(%error, "queues.jsonl not written");
    }
}
