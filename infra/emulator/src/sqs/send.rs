//! Sends messages: validation, deduplication and the position in the queue.

use std::time::Duration;

use serde_json::{Map, Value};

use super::{
    EmulatedSqs, QueueSpec, error::SqsError, fifo, message::QueueMessage, queue::millis, state::JournalRecord,
};
use crate::ids;

/// The limit of body and attributes, of one message and of a batch (SQS quotas, since August 2025).
pub(super) const MAX_MESSAGE_BYTES: usize = 1024 * 1024;
/// 15 minutes (SQS quotas).
const MAX_DELAY: Duration = Duration::from_mins(15);

/// A message to send.
pub(super) struct SqsMessageDraft<'a> {
    pub(super) body: &'a str,
    pub(super) attributes: Map<String, Value>,
    pub(super) group: Option<&'a str>,
    pub(super) deduplication_id: Option<&'a str>,
    /// `None` takes the delay of the queue.
    pub(super) delay: Option<Duration>,
}

impl SqsMessageDraft<'_> {
    pub(super) fn size(&self) -> usize {
        let text = |value: &Value| value.as_str().map_or(0, str::len);
        let attribute = |(name, value): (&String, &Value)| {
            name.len() + text(&value["DataType"]) + text(&value["StringValue"]) + text(&value["BinaryValue"])
        };
        self.body.len() + self.attributes.iter().map(attribute).sum::<usize>()
    }

    /// Validates the message for its queue. Returns its deduplication id.
    fn deduplication_id_in(&self, spec: &QueueSpec) -> Result<Option<String>, SqsError> {
        if self.body.is_empty() {
            return Err(SqsError::missing_parameter("MessageBody"));
        }
        if self.size() > MAX_MESSAGE_BYTES {
            return Err(SqsError::invalid_parameter(format!(
                "Reason: Message must be shorter than {MAX_MESSAGE_BYTES} bytes."
            )));
        }
        if !self.body.chars().all(|c| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{FFFD}' | '\u{10000}'..)) {
            return Err(SqsError::invalid_message_contents());
        }
        if self.delay.is_some_and(|delay| delay > MAX_DELAY) {
            return Err(SqsError::invalid_parameter(
                "Reason: DelaySeconds must be >= 0 and <= 900.".to_owned(),
            ));
        }
        for (name, id) in [("MessageGroupId", self.group), ("MessageDeduplicationId", self.deduplication_id)]
        {
            let allowed =
                |id: &str| (1..=128).contains(&id.len()) && id.chars().all(|c| c.is_ascii_graphic());
            if id.is_some_and(|id| !allowed(id)) {
                let why = "can only include alphanumeric and punctuation characters. 1 to 128 in length.";
                return Err(SqsError::invalid_parameter(format!("{name} {why}")));
            }
        }
        if !spec.fifo {
            return match self.deduplication_id {
                Some(_) => Err(SqsError::invalid_parameter(
                    "The request includes parameter MessageDeduplicationId, which is not valid for this queue type.".to_owned(),
                )),
                None => Ok(None),
            };
        }
        if self.group.is_none() {
            return Err(SqsError::missing_parameter("MessageGroupId"));
        }
        if self.delay.is_some() {
            return Err(SqsError::invalid_parameter(
                "DelaySeconds is not valid per message for a FIFO queue.".to_owned(),
            ));
        }
        match self.deduplication_id {
            Some(id) => Ok(Some(id.to_owned())),
            None if spec.content_based_deduplication => Ok(Some(fifo::content_deduplication_id(self.body))),
            None => Err(SqsError::invalid_parameter(
                "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly.".to_owned(),
            )),
        }
    }
}

impl EmulatedSqs {
    /// Sends a message and returns its id. If SQS would refuse the message, the error is logged and the id is empty.
    /// Without `dedup` the id is the hash of the body, even if the queue has no content-based deduplication.
    pub fn send(
        &self,
        name: &str,
        body: &str,
        group: Option<&str>,
        dedup: Option<&str>,
        delay: Duration,
    ) -> String {
        let by_content =
            self.spec(name).is_ok_and(|spec| spec.fifo).then(|| fifo::content_deduplication_id(body));
        let draft = SqsMessageDraft {
            body,
            attributes: Map::new(),
            group,
            deduplication_id: dedup.or(by_content.as_deref()),
            delay: (!delay.is_zero()).then_some(delay),
        };
        match self.enqueue(name, draft) {
            Ok(message) => message.id,
            Err(error) => {
                tracing::error!(queue = name, %error, "not sent");
                String::new()
            }
        }
    }

    /// Adds a message to its queue. A duplicate gets the id and sequence number of the first message.
    pub(super) fn enqueue(&self, name: &str, draft: SqsMessageDraft<'_>) -> Result<QueueMessage, SqsError> {
        let now = (self.shared.now)();
        let mut state = self.state();
        let queue = state.get(name).ok_or_else(SqsError::queue_does_not_exist)?;
        let deduplication_id = draft.deduplication_id_in(&queue.spec)?;
        let mut delay = draft.delay.unwrap_or(queue.spec.delay);
        if let (false, Some(chaos)) = (queue.spec.fifo, &self.shared.chaos) {
            delay += chaos.extra_delay();
        }
        let key =
            deduplication_id.as_ref().map(|id| queue.deduplication_key(draft.group.unwrap_or_default(), id));
        let first = key.as_ref().and_then(|key| queue.deduplication.find(key, now)).cloned();
        let message = QueueMessage {
            sequence: first.as_ref().map_or_else(|| state.next_sequence(), |first| first.sequence),
            id: first.as_ref().map_or_else(|| ids::message_id(now), |first| first.message_id.clone()),
            body: draft.body.to_owned(),
            attributes: draft.attributes,
            group: draft.group.map(str::to_owned),
            deduplication_id,
            sent_at: now,
            visible_at: now.saturating_add(millis(delay)),
            receives: 0,
            first_received_at: None,
            source: None,
            is_chaos_duplicate: false,
            is_deletion_lost: false,
        };
        if first.is_some() {
            return Ok(message);
        }
        // In memory first, because the write may rewrite the journal from memory.
        if let Some(queue) = state.get_mut(name) {
            queue.put(message.clone());
            if let Some(key) = &key {
                queue.deduplication.insert(key.clone(), &message);
            }
        }
        let record = JournalRecord::Put { queue: name.to_owned(), message: message.clone() };
        if let Err(error) = state.commit(&[record], now) {
            if let Some(queue) = state.get_mut(name) {
                queue.remove(message.sequence);
                if let Some(key) = &key {
                    queue.deduplication.remove(key);
                }
            }
            return Err(SqsError::not_stored(&error));
        }
        drop(state);
        self.notify_receivers(name);
        Ok(message)
    }
}
