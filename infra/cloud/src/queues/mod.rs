//! SQS: standard and FIFO queues. [`Queues`] is the in-process side (the event-source mappings of `infra/local`, tests);
//! `api.rs` is the wire.
//!
//! Kept apart: what one queue does (`queue.rs`, `fifo.rs`; pure), what survives (`ledger.rs`), who waits (here).

mod api;
mod batch;
mod fault;
mod fifo;
mod ledger;
mod message;
mod misbehaviour;
mod queue;

use std::{
    collections::HashMap,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::Notify, time::Instant};

pub(crate) use api::handle;
pub use message::Received;

use self::{
    fault::Fault,
    ledger::{Ledger, Record},
    message::{Message, Receipt},
    misbehaviour::Misbehaviour,
    queue::{Queue, Stale, millis},
};
use crate::{ACCOUNT, Chaos, Now, REGION, ids};

/// One queue, names instead of ARNs.
#[derive(Clone, Debug)]
pub struct QueueSpec {
    /// Ends in `.fifo` if, and only if, the queue is FIFO.
    pub name: String,
    pub fifo: bool,
    pub visibility: Duration,
    pub delay: Duration,
    pub retention: Duration,
    /// Receives after which a message moves to `dead_letters` instead of being handed out again.
    pub max_receive_count: Option<u32>,
    /// Name of the dead-letter queue.
    pub dead_letters: Option<String>,
    /// `ContentBasedDeduplication`: a FIFO message without a deduplication id gets the hash of its body.
    pub content_deduplication: bool,
    /// `DeduplicationScope: messageGroup`: the same id in two groups is two messages.
    pub deduplicate_per_group: bool,
}

impl Default for QueueSpec {
    /// What CloudFormation gives a queue without properties.
    fn default() -> Self {
        Self {
            name: String::new(),
            fifo: false,
            visibility: Duration::from_secs(30),
            delay: Duration::ZERO,
            retention: Duration::from_hours(4 * 24),
            max_receive_count: None,
            dead_letters: None,
            content_deduplication: false,
            deduplicate_per_group: false,
        }
    }
}

/// How many messages are in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Depth {
    pub visible: usize,
    pub in_flight: usize,
    pub delayed: usize,
}

/// All queues of a cloud; cheap to clone. A method that names a queue which does not exist does nothing.
#[derive(Clone)]
pub struct Queues {
    shared: Arc<Shared>,
}

struct Shared {
    ledger: Mutex<Ledger>,
    /// Who waits for messages, by queue.
    arrivals: HashMap<String, Notify>,
    now: Now,
    base: String,
    misbehaviour: Option<Misbehaviour>,
}

/// How long a waiter trusts the clock while something is invisible: time may be moved, and says so to nobody.
const GLANCE: Duration = Duration::from_millis(50);

/// A message to send, checked for its queue in [`Queues::accept`].
struct Draft<'a> {
    body: &'a str,
    attributes: serde_json::Map<String, serde_json::Value>,
    group: Option<&'a str>,
    deduplication_id: Option<&'a str>,
    /// `None`: the queue's.
    delay: Option<Duration>,
}

fn arn(name: &str) -> String {
    format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{name}")
}

impl Queues {
    pub(crate) fn open(
        specs: Vec<QueueSpec>,
        dir: Option<&Path>,
        now: Now,
        base: &str,
        chaos: Option<Chaos>,
    ) -> anyhow::Result<Self> {
        let ledger = Ledger::open(specs, dir, now())?;
        let arrivals = ledger.names().into_iter().map(|name| (name, Notify::new())).collect();
        let misbehaviour = chaos.map(Misbehaviour::new);
        let shared = Shared { ledger: Mutex::new(ledger), arrivals, now, base: base.to_owned(), misbehaviour };
        Ok(Self { shared: Arc::new(shared) })
    }

    pub fn url(&self, name: &str) -> String {
        format!("{}/queues/{name}", self.shared.base)
    }

    pub fn arn(&self, name: &str) -> String {
        arn(name)
    }

    pub fn names(&self) -> Vec<String> {
        self.ledger().names()
    }

    /// Waits until something is visible, at most `wait` of real time, then returns what is there (`max` at most).
    pub async fn receive(&self, name: &str, max: usize, wait: Duration) -> Vec<Received> {
        self.receive_for(name, max, wait, None).await.iter().map(|message| message.received(name)).collect()
    }

    /// `visibility`: other than the queue's.
    async fn receive_for(&self, name: &str, max: usize, wait: Duration, visibility: Option<Duration>) -> Vec<Message> {
        let Some(arrivals) = self.shared.arrivals.get(name) else { return Vec::new() };
        let deadline = Instant::now() + wait;
        loop {
            let mut arrived = std::pin::pin!(arrivals.notified());
            // Before looking, so that what arrives between looking and waiting is not missed.
            arrived.as_mut().enable();
            let (messages, more_to_come) = self.take(name, max, visibility);
            let now = Instant::now();
            if !messages.is_empty() || now >= deadline {
                return messages;
            }
            let until = more_to_come.map_or(deadline, |pause| deadline.min(now + pause));
            // Elapsed or arrived: look again either way.
            let _ = tokio::time::timeout_at(until, arrived).await;
        }
    }

    /// What is visible now; if that is nothing, how long to wait at most before something might be.
    fn take(&self, name: &str, max: usize, visibility: Option<Duration>) -> (Vec<Message>, Option<Duration>) {
        let now = (self.shared.now)();
        let mut ledger = self.settled(now);
        let Some(queue) = ledger.get_mut(name) else { return (Vec::new(), None) };
        let visibility = visibility.unwrap_or(queue.spec.visibility);
        let messages = queue.receive(now, max, visibility, self.shared.misbehaviour.as_ref());
        if messages.is_empty() {
            let until = |at: i64| Duration::from_millis(at.abs_diff(now)).min(GLANCE);
            return (messages, queue.next_at(now).map(until));
        }
        let records: Vec<_> = messages.iter().filter(|m| !m.ghost).map(|m| Record::seen(name, m)).collect();
        if !queue.spec.fifo {
            self.haunt(&mut ledger, name, &messages, now);
        }
        log(ledger.commit(&records, now));
        (messages, None)
    }

    /// Chaos: some of what was given out comes a second time.
    fn haunt(&self, ledger: &mut Ledger, name: &str, messages: &[Message], now: i64) {
        let Some(misbehaviour) = &self.shared.misbehaviour else { return };
        for message in messages.iter().filter(|message| !message.ghost && message.receives == 1) {
            let Some(after) = misbehaviour.duplicate() else { continue };
            let sequence = ledger.next_sequence();
            let visible_at = now.saturating_add(millis(after));
            let ghost = Message { sequence, visible_at, receives: 0, ghost: true, ..message.clone() };
            if let Some(queue) = ledger.get_mut(name) {
                queue.put(ghost);
            }
        }
        self.announce(name);
    }

    /// Of a message whose visibility timeout has not passed; else it will come again.
    pub fn delete(&self, name: &str, receipt_handle: &str) {
        // Of a stale receipt SQS says nothing either (standard), or there is nobody to tell (FIFO).
        let _ = self.delete_received(name, receipt_handle);
    }

    fn delete_received(&self, name: &str, receipt_handle: &str) -> Result<(), Fault> {
        let receipt = Receipt::parse(name, receipt_handle).ok_or_else(Fault::receipt_handle)?;
        let now = (self.shared.now)();
        let mut ledger = self.ledger();
        let queue = ledger.get_mut(name).ok_or_else(Fault::queue)?;
        match queue.delete(&receipt, now, self.shared.misbehaviour.as_ref()) {
            Ok(Some(message)) if !message.ghost => {
                ledger.commit(&[Record::gone(name, message.sequence)], now).map_err(Fault::not_kept)?;
            }
            Ok(_) | Err(Stale::Superseded) => {}
            Err(Stale::Expired) => return Err(Fault::expired()),
        }
        drop(ledger);
        // the next of its group may go
        self.announce(name);
        Ok(())
    }

    /// `ChangeMessageVisibility`: zero gives the message back at once.
    pub fn release(&self, name: &str, receipt_handle: &str, after: Duration) {
        // A message that is gone or visible already needs no release.
        let _ = self.release_received(name, receipt_handle, after);
    }

    fn release_received(&self, name: &str, receipt_handle: &str, after: Duration) -> Result<(), Fault> {
        let receipt = Receipt::parse(name, receipt_handle).ok_or_else(Fault::receipt_handle)?;
        let now = (self.shared.now)();
        let mut ledger = self.ledger();
        let queue = ledger.get_mut(name).ok_or_else(Fault::queue)?;
        let message = queue.release(&receipt, now, after).map_err(|_| Fault::not_in_flight())?;
        let record = (!message.ghost).then(|| Record::seen(name, message));
        log(ledger.commit(record.as_slice(), now));
        drop(ledger);
        self.announce(name);
        Ok(())
    }

    /// Sends as a function would, and returns the message id; what SQS would refuse is logged, and the id is empty.
    /// Without `dedup` the body's hash is taken, also where the queue has no content-based deduplication.
    pub fn send(&self, name: &str, body: &str, group: Option<&str>, dedup: Option<&str>, delay: Duration) -> String {
        let by_content = fifo::content_id(body);
        let draft = Draft {
            body,
            attributes: serde_json::Map::new(),
            group,
            deduplication_id: dedup.or(group.map(|_| by_content.as_str())),
            delay: (!delay.is_zero()).then_some(delay),
        };
        match self.accept(name, draft) {
            Ok(message) => message.id,
            Err(fault) => {
                tracing::error!(queue = name, %fault, "not sent");
                String::new()
            }
        }
    }

    /// Takes a message into its queue; of a duplicate, the id and sequence are those of the first.
    fn accept(&self, name: &str, draft: Draft<'_>) -> Result<Message, Fault> {
        let now = (self.shared.now)();
        let mut ledger = self.ledger();
        let queue = ledger.get(name).ok_or_else(Fault::queue)?;
        let deduplication_id = draft.deduplication_id_in(&queue.spec)?;
        let mut delay = draft.delay.unwrap_or(queue.spec.delay);
        if let (false, Some(misbehaviour)) = (queue.spec.fifo, &self.shared.misbehaviour) {
            delay += misbehaviour.delay();
        }
        let key = deduplication_id.as_ref().map(|id| queue.deduplication_key(draft.group.unwrap_or_default(), id));
        let first = key.as_ref().and_then(|key| queue.deduplication.find(key, now)).cloned();
        let message = Message {
            sequence: first.as_ref().map_or_else(|| ledger.next_sequence(), |first| first.sequence),
            id: first.as_ref().map_or_else(|| ids::message(now), |first| first.message_id.clone()),
            body: draft.body.to_owned(),
            attributes: draft.attributes,
            group: draft.group.map(str::to_owned),
            deduplication_id,
            sent_at: now,
            visible_at: now.saturating_add(millis(delay)),
            receives: 0,
            first_received_at: None,
            source: None,
            ghost: false,
            survived: false,
        };
        if first.is_some() {
            return Ok(message);
        }
        let record = Record::Put { queue: name.to_owned(), message: message.clone() };
        ledger.commit(&[record], now).map_err(Fault::not_kept)?;
        if let Some(queue) = ledger.get_mut(name) {
            if let Some(key) = key {
                queue.deduplication.remember(key, &message);
            }
            queue.put(message.clone());
        }
        drop(ledger);
        self.announce(name);
        Ok(message)
    }

    pub fn depth(&self, name: &str) -> Depth {
        let now = (self.shared.now)();
        self.settled(now).get(name).map(|queue| queue.depth(now)).unwrap_or_default()
    }

    /// What lies in a queue, without receiving it; the receipt handles are good for nothing.
    pub fn peek(&self, name: &str) -> Vec<Received> {
        let ledger = self.settled((self.shared.now)());
        ledger.get(name).map(|queue| queue.messages().map(|m| m.received(name)).collect()).unwrap_or_default()
    }

    /// Sends what lies in a dead-letter queue back to the queues it came from; returns how many.
    pub fn redrive(&self, dead_letters: &str) -> usize {
        let now = (self.shared.now)();
        let mut ledger = self.settled(now);
        let Some(queue) = ledger.get_mut(dead_letters) else { return 0 };
        let moving: Vec<_> = queue
            .messages()
            .filter(|message| message.visible(now))
            .filter_map(|message| message.source.clone().map(|source| (message.sequence, source)))
            .collect();
        let moving: Vec<_> = moving.into_iter().filter_map(|(s, source)| Some((queue.remove(s)?, source))).collect();
        let mut records = Vec::new();
        let mut sources = Vec::new();
        for (message, source) in &moving {
            let fresh = Message { receives: 0, first_received_at: None, source: None, sent_at: now, ..message.clone() };
            records.extend(ledger.transfer(dead_letters, source, fresh, now));
            sources.push(source);
        }
        log(ledger.commit(&records, now));
        drop(ledger);
        sources.into_iter().for_each(|source| self.announce(source));
        moving.len()
    }

    fn purge(&self, name: &str) -> Result<(), Fault> {
        let now = (self.shared.now)();
        let mut ledger = self.ledger();
        let queue = ledger.get_mut(name).ok_or_else(Fault::queue)?;
        let records: Vec<_> = queue.clear().into_iter().map(|sequence| Record::gone(name, sequence)).collect();
        ledger.commit(&records, now).map_err(Fault::not_kept)
    }

    fn spec(&self, name: &str) -> Result<QueueSpec, Fault> {
        self.ledger().get(name).map(|queue: &Queue| queue.spec.clone()).ok_or_else(Fault::queue)
    }

    /// The queues after everything that time alone has done to them.
    fn settled(&self, now: i64) -> MutexGuard<'_, Ledger> {
        let mut ledger = self.ledger();
        match ledger.settle(now) {
            Ok(filled) => filled.iter().for_each(|name| self.announce(name)),
            error @ Err(_) => log(error.map(drop)),
        }
        ledger
    }

    fn announce(&self, name: &str) {
        if let Some(arrivals) = self.shared.arrivals.get(name) {
            arrivals.notify_waiters();
        }
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.shared.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A change that is in memory and whose loss costs a redelivery only.
fn log(written: std::io::Result<()>) {
    if let Err(error) = written {
        tracing::error!(%error, "queues.jsonl not written");
    }
}
