//! A message, and the receipt handle of each delivery.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// A message as stored in the queue and in the journal.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct QueueMessage {
    /// The position in the queue. Unique in the whole emulator, and increasing.
    pub(super) sequence: u64,
    pub(super) id: String,
    pub(super) body: String,
    /// Message attributes in the JSON form of SQS.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub(super) attributes: Map<String, Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) group: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) deduplication_id: Option<String>,
    pub(super) sent_at: i64,
    /// The time from which the message can be received.
    pub(super) visible_at: i64,
    #[serde(default)]
    pub(super) receives: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) first_received_at: Option<i64>,
    /// In a dead-letter queue, the queue that the message comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) source: Option<String>,
    /// Chaos: the message is an injected duplicate. It is not in the journal and never becomes a dead letter.
    #[serde(skip)]
    pub(super) is_chaos_duplicate: bool,
    /// Chaos: one deletion of this message has been dropped already.
    #[serde(skip)]
    pub(super) is_deletion_lost: bool,
}

impl QueueMessage {
    pub(super) fn is_visible(&self, now: i64) -> bool {
        self.visible_at <= now
    }

    pub(super) fn is_in_flight(&self, now: i64) -> bool {
        self.receives > 0 && !self.is_visible(now)
    }

    /// `SequenceNumber`: 20 digits, so that it sorts as text.
    pub(super) fn sequence_number(&self) -> String {
        format!("{:020}", self.sequence)
    }

    pub(super) fn body_md5(&self) -> String {
        body_md5(&self.body)
    }

    pub(super) fn to_received(&self, queue: &str) -> ReceivedMessage {
        let mut attributes = BTreeMap::from([
            ("ApproximateReceiveCount", self.receives.to_string()),
            ("SentTimestamp", self.sent_at.to_string()),
            ("SenderId", "AIDALOCAL".to_owned()),
        ]);
        if let Some(at) = self.first_received_at {
            attributes.insert("ApproximateFirstReceiveTimestamp", at.to_string());
        }
        if let Some(group) = &self.group {
            attributes.insert("MessageGroupId", group.clone());
        }
        if let Some(id) = &self.deduplication_id {
            attributes.insert("MessageDeduplicationId", id.clone());
            attributes.insert("SequenceNumber", self.sequence_number());
        }
        if let Some(source) = &self.source {
            attributes.insert("DeadLetterQueueSourceArn", super::arn(source));
        }
        ReceivedMessage {
            message_id: self.id.clone(),
            receipt_handle: ReceiptHandle {
                queue: queue.to_owned(),
                sequence: self.sequence,
                receive_count: self.receives,
            }
            .encode(),
            body: self.body.clone(),
            attributes: attributes.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            message_attributes: lambda_attributes(&self.attributes),
            body_md5: self.body_md5(),
        }
    }
}

pub(super) fn body_md5(body: &str) -> String {
    format!("{:x}", md5::compute(body))
}

/// A message as a consumer receives it.
#[derive(Clone, Debug)]
pub struct ReceivedMessage {
    pub message_id: String,
    pub receipt_handle: String,
    pub body: String,
    /// `ApproximateReceiveCount`, `SentTimestamp`, `SenderId`, `ApproximateFirstReceiveTimestamp`. FIFO queues add
    /// `MessageGroupId`, `MessageDeduplicationId` and `SequenceNumber`, dead letters `DeadLetterQueueSourceArn`.
    pub attributes: BTreeMap<String, String>,
    /// In the form of a Lambda's SQS event: `{name: {dataType, stringValue | binaryValue, …}}`.
    pub message_attributes: Value,
    pub body_md5: String,
}

fn lambda_attributes(attributes: &Map<String, Value>) -> Value {
    let lambda = |attribute: &Value| {
        let mut out = Map::from_iter([
            ("stringListValues".to_owned(), json!([])),
            ("binaryListValues".to_owned(), json!([])),
            ("dataType".to_owned(), attribute["DataType"].clone()),
        ]);
        for (wire, name) in [("StringValue", "stringValue"), ("BinaryValue", "binaryValue")] {
            if let Some(value) = attribute.get(wire) {
                out.insert(name.to_owned(), value.clone());
            }
        }
        Value::Object(out)
    };
    attributes.iter().map(|(name, attribute)| (name.clone(), lambda(attribute))).collect()
}

/// `MD5OfMessageAttributes`: the checksum of name, type, kind and value of each attribute in the order of names. Four
/// bytes before each text hold its length (SQS Developer Guide, "Calculating the MD5 message digest for message
/// attributes").
pub(super) fn attributes_md5(attributes: &Map<String, Value>) -> Option<String> {
    fn put(bytes: &mut Vec<u8>, part: &[u8]) {
        bytes.extend(u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        bytes.extend(part);
    }
    if attributes.is_empty() {
        return None;
    }
    let sorted: BTreeMap<_, _> = attributes.iter().collect();
    let mut bytes = Vec::new();
    for (name, attribute) in sorted {
        put(&mut bytes, name.as_bytes());
        put(&mut bytes, attribute["DataType"].as_str().unwrap_or_default().as_bytes());
        if let Some(text) = attribute["StringValue"].as_str() {
            bytes.push(1);
            put(&mut bytes, text.as_bytes());
        } else {
            bytes.push(2);
            let binary = attribute["BinaryValue"].as_str().unwrap_or_default();
            let decoded = base64::engine::general_purpose::STANDARD.decode(binary).unwrap_or_default();
            put(&mut bytes, &decoded);
        }
    }
    Some(format!("{:x}", md5::compute(bytes)))
}

/// The content of a receipt handle: it identifies a delivery of a message.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ReceiptHandle {
    pub(super) queue: String,
    pub(super) sequence: u64,
    pub(super) receive_count: u32,
}

impl ReceiptHandle {
    pub(super) fn encode(&self) -> String {
        URL_SAFE_NO_PAD.encode(format!("{}/{}/{}", self.sequence, self.receive_count, self.queue))
    }

    /// Parses a receipt handle. Returns `None` if the queue has never issued it.
    pub(super) fn parse(queue: &str, handle: &str) -> Option<Self> {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(handle).ok()?).ok()?;
        let mut parts = text.splitn(3, '/');
        let sequence = parts.next()?;
        let receive = parts.next()?;
        let of = parts.next()?;
        (of == queue).then_some(())?;
        Some(Self {
            queue: of.to_owned(),
            sequence: sequence.parse().ok()?,
            receive_count: receive.parse().ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receipt_handle_belongs_to_its_queue() {
        let receipt = ReceiptHandle { queue: "jobs".to_owned(), sequence: 7, receive_count: 2 };
        assert_eq!(ReceiptHandle::parse("jobs", &receipt.encode()).as_ref(), Some(&receipt));
        assert_eq!(ReceiptHandle::parse("mail", &receipt.encode()), None);
        assert_eq!(ReceiptHandle::parse("jobs", "nonsense"), None);
    }
}
