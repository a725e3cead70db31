//! All queues of the emulator, and the journal that stores them. Each change is a record that is written before the
//! response.

use std::{
    collections::{BTreeMap, HashMap},
    io,
    path::Path,
};

use anyhow::Context;
use serde::{Deserialize, Serialize};

use super::{QueueSpec, fifo::DeduplicatedMessage, message::QueueMessage, queue::EmulatedQueue};
use crate::journal::Journal;

pub(super) struct SqsState {
    queues: BTreeMap<String, EmulatedQueue>,
    journal: Option<Journal>,
    next_sequence: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub(super) enum JournalRecord {
    /// The message was sent, or moved into this queue.
    Put {
        queue: String,
        message: QueueMessage,
    },
    /// The message was received, or its visibility was changed.
    Seen {
        queue: String,
        sequence: u64,
        visible_at: i64,
        receives: u32,
        first_received_at: Option<i64>,
    },
    Gone {
        queue: String,
        sequence: u64,
    },
    /// A deduplication id whose message may be deleted.
    Deduplicated {
        queue: String,
        key: String,
        seen: DeduplicatedMessage,
    },
}

impl JournalRecord {
    pub(super) fn received(queue: &str, message: &QueueMessage) -> Self {
        Self::Seen {
            queue: queue.to_owned(),
            sequence: message.sequence,
            visible_at: message.visible_at,
            receives: message.receives,
            first_received_at: message.first_received_at,
        }
    }

    pub(super) fn deleted(queue: &str, sequence: u64) -> Self {
        Self::Gone { queue: queue.to_owned(), sequence }
    }
}

impl SqsState {
    pub(super) fn open(specs: Vec<QueueSpec>, dir: Option<&Path>, now: i64) -> anyhow::Result<Self> {
        let mut queues = BTreeMap::new();
        for spec in specs {
            validate_spec(&spec)?;
            let name = spec.name.clone();
            anyhow::ensure!(
                queues.insert(name.clone(), EmulatedQueue::new(spec)).is_none(),
                "two queues are named {name}"
            );
        }
        for queue in queues.values() {
            let Some(dead_letters) = &queue.spec.dead_letter_queue else { continue };
            let target = queues.get(dead_letters);
            let target =
                target.with_context(|| format!("dead-letter queue {dead_letters} does not exist"))?;
            anyhow::ensure!(
                target.spec.fifo == queue.spec.fifo,
                "queue {} and its dead-letter queue must both be FIFO or both standard",
                queue.spec.name
            );
        }
        let mut state = Self { queues, journal: None, next_sequence: 1 };
        if let Some(dir) = dir {
            let (journal, records) = Journal::open(&dir.join("queues.jsonl"))?;
            state.replay(records, now);
            state.journal = Some(journal);
            state.compact(now).context("cannot rewrite queues.jsonl")?;
        }
        Ok(state)
    }

    pub(super) fn get(&self, name: &str) -> Option<&EmulatedQueue> {
        self.queues.get(name)
    }

    pub(super) fn get_mut(&mut self, name: &str) -> Option<&mut EmulatedQueue> {
        self.queues.get_mut(name)
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.queues.keys().cloned().collect()
    }

    pub(super) fn next_sequence(&mut self) -> u64 {
        let sequence = self.next_sequence;
        self.next_sequence += 1;
        sequence
    }

    /// Writes the records. The caller acknowledges a change only afterwards.
    pub(super) fn commit(&mut self, records: &[JournalRecord], now: i64) -> io::Result<()> {
        let Some(journal) = &mut self.journal else { return Ok(()) };
        if records.is_empty() {
            return Ok(());
        }
        journal.append(records)?;
        // A rewrite costs the size of the content. It happens only after a multiple of that has been appended, so the
        // average cost of an append stays constant.
        if journal.line_count() > 4 * journal.lines_after_rewrite() + 20_000 {
            self.compact(now)?;
        }
        Ok(())
    }

    /// Moves the messages that were received too often to the dead-letter queues. Returns the names of these queues.
    pub(super) fn move_dead_letters(&mut self, now: i64) -> io::Result<Vec<String>> {
        let mut moves = Vec::new();
        for queue in self.queues.values_mut() {
            let target = queue.spec.dead_letter_queue.clone();
            let spent = queue.expire_and_take_dead_letters(now);
            let Some(target) = target.filter(|_| !spent.is_empty()) else { continue };
            moves.push((queue.spec.name.clone(), target, spent));
        }
        let mut records = Vec::new();
        let mut targets = Vec::new();
        for (source, target, spent) in moves {
            tracing::warn!(queue = source, messages = spent.len(), "moved to the dead-letter queue {target}");
            for message in spent {
                let message = QueueMessage { source: Some(source.clone()), ..message };
                records.extend(self.transfer(&source, &target, message, now));
            }
            targets.push(target);
        }
        self.commit(&records, now)?;
        Ok(targets)
    }

    /// Puts a message that was removed from `source` into `target`, visible now. If the process dies between the two
    /// records, the message is stored twice, and not lost.
    pub(super) fn transfer(
        &mut self,
        source: &str,
        target: &str,
        message: QueueMessage,
        now: i64,
    ) -> [JournalRecord; 2] {
        let gone = JournalRecord::deleted(source, message.sequence);
        let message = QueueMessage { sequence: self.next_sequence(), visible_at: now, ..message };
        let put = JournalRecord::Put { queue: target.to_owned(), message: message.clone() };
        if let Some(queue) = self.queues.get_mut(target) {
            queue.put(message);
        }
        [put, gone]
    }

    fn replay(&mut self, records: Vec<JournalRecord>, now: i64) {
        let mut unknown: HashMap<String, usize> = HashMap::new();
        for record in records {
            let (JournalRecord::Put { queue: name, .. }
            | JournalRecord::Seen { queue: name, .. }
            | JournalRecord::Gone { queue: name, .. }
            | JournalRecord::Deduplicated { queue: name, .. }) = &record;
            if let JournalRecord::Put { message: QueueMessage { sequence, .. }, .. }
            | JournalRecord::Deduplicated { seen: DeduplicatedMessage { sequence, .. }, .. } = &record
            {
                self.next_sequence = self.next_sequence.max(sequence + 1);
            }
            let Some(queue) = self.queues.get_mut(name) else {
                *unknown.entry(name.clone()).or_default() += 1;
                continue;
            };
            match record {
                JournalRecord::Put { message, .. } => {
                    if let (Some(group), Some(id), None) =
                        (&message.group, &message.deduplication_id, &message.source)
                    {
                        let key = queue.deduplication_key(group, id);
                        queue.deduplication.insert(key, &message);
                    }
                    queue.put(message);
                }
                JournalRecord::Seen { sequence, visible_at, receives, first_received_at, .. } => {
                    if let Some(message) = queue.remove(sequence) {
                        queue.put(QueueMessage { visible_at, receives, first_received_at, ..message });
                    }
                }
                JournalRecord::Gone { sequence, .. } => {
                    queue.remove(sequence);
                }
                JournalRecord::Deduplicated { key, seen, .. } => queue.deduplication.restore(key, seen, now),
            }
        }
        for (name, records) in unknown {
            tracing::warn!(
                queue = name,
                records,
                "the data directory has messages of a queue that no longer exists"
            );
        }
    }

    fn compact(&mut self, now: i64) -> io::Result<()> {
        let Some(journal) = &mut self.journal else { return Ok(()) };
        let mut records = Vec::new();
        for (name, queue) in &self.queues {
            let kept = queue.messages().filter(|message| !message.is_chaos_duplicate);
            records.extend(
                kept.map(|message| JournalRecord::Put { queue: name.clone(), message: message.clone() }),
            );
            records.extend(queue.deduplication.unexpired(now).map(|(key, seen)| {
                JournalRecord::Deduplicated { queue: name.clone(), key: key.clone(), seen: seen.clone() }
            }));
        }
        journal.rewrite(&records)
    }
}

fn validate_spec(spec: &QueueSpec) -> anyhow::Result<()> {
    let name = &spec.name;
    anyhow::ensure!(
        spec.fifo == name.strip_suffix(".fifo").is_some(),
        "queue {name}: a name ends in .fifo if, and only if, the queue is FIFO"
    );
    let stem = name.trim_end_matches(".fifo");
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    anyhow::ensure!(
        !stem.is_empty() && name.len() <= 80 && stem.chars().all(allowed),
        "queue name {name:?}: 1 to 80 letters, digits, hyphens and underscores"
    );
    anyhow::ensure!(
        spec.dead_letter_queue.is_none() || spec.max_receive_count.is_some_and(|count| count > 0),
        "queue {name} has a dead-letter queue and no max_receive_count"
    );
    Ok(())
}
