//! What is stored of the messages that a member sent last.

use model::message::send_rate::MESSAGE_BURST;
use sha2::{Digest, Sha256};

/// Records of one member in a channel. A phone that was offline retries all its messages, and meanwhile other devices
/// send more.
pub(super) const MAX_SEND_RECORDS: usize = 2 * MESSAGE_BURST as usize;

const ID_BYTES: usize = 7;
const TEXT_BYTES: usize = 3;
const NUMBER_BYTES: usize = 5;
/// Bytes of one record. Forty records and the rest of the row are less than the 1 KB of a write unit.
const RECORD_BYTES: usize = ID_BYTES + TEXT_BYTES + NUMBER_BYTES;

/// A message that a member began to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SendRecord {
    /// The `client_msg_id`, as 56 bits of its hash. That is enough to tell forty apart.
    id: [u8; ID_BYTES],
    /// The text, as 24 bits of its hash. It detects a client that uses one id for two texts.
    text: [u8; TEXT_BYTES],
    /// The last number of the channel at that time. The message can only be stored after it.
    pub last_seq: u64,
}

impl SendRecord {
    pub fn new(client_msg_id: &str, content: &str, after: u64) -> Self {
        Self { id: hash_prefix(client_msg_id), text: hash_prefix(content), last_seq: after }
    }

    /// Whether two records have the same `client_msg_id`.
    pub(super) fn has_same_id(&self, other: &Self) -> bool {
        self.id == other.id
    }

    pub(super) fn has_same_text(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

/// Returns the first bytes of a text's hash.
fn hash_prefix<const N: usize>(text: &str) -> [u8; N] {
    let hash = Sha256::digest(text);
    std::array::from_fn(|at| hash[at])
}

/// Stores all records as one binary attribute.
pub(super) mod packed {
    use bytes::Bytes;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    use super::{ID_BYTES, NUMBER_BYTES, RECORD_BYTES, SendRecord, TEXT_BYTES};

    pub(in crate::chat::memberships) fn serialize<S: Serializer>(
        sent: &[SendRecord],
        to: S,
    ) -> Result<S::Ok, S::Error> {
        let mut all = Vec::with_capacity(sent.len() * RECORD_BYTES);
        for one in sent {
            all.extend(one.id);
            all.extend(one.text);
            // A number has twelve digits, which are 40 bits.
            all.extend(&one.last_seq.to_be_bytes()[8 - NUMBER_BYTES..]);
        }
        Bytes::from(all).serialize(to)
    }

    pub(in crate::chat::memberships) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Vec<SendRecord>, D::Error> {
        let all = Bytes::deserialize(from)?;
        let (each, []) = all.as_chunks::<RECORD_BYTES>() else {
            return Err(D::Error::invalid_length(all.len(), &"a multiple of what one takes"));
        };
        Ok(each.iter().map(read).collect())
    }

    fn read(one: &[u8; RECORD_BYTES]) -> SendRecord {
        let after =
            one[ID_BYTES + TEXT_BYTES..].iter().fold(0, |number, byte| (number << 8) | u64::from(*byte));
        SendRecord {
            id: std::array::from_fn(|at| one[at]),
            text: std::array::from_fn(|at| one[ID_BYTES + at]),
            last_seq: after,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    use super::*;
    use crate::dynamodb::item::ItemAttributes;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct SendRecordRow {
        #[serde(with = "packed")]
        sent: Vec<SendRecord>,
    }

    #[test]
    fn send_records_round_trip() {
        let sent = [0, 1, 255, 256, 999_999_999_999]
            .map(|after| SendRecord::new(&format!("phone:{after}"), "hello", after));
        let row = SendRecordRow { sent: sent.to_vec() };
        let item: ItemAttributes = serde_dynamo::aws_sdk_dynamodb_1::to_item(&row).unwrap();
        assert_eq!(item["sent"].as_b().unwrap().as_ref().len(), 5 * RECORD_BYTES);
        assert_eq!(serde_dynamo::aws_sdk_dynamodb_1::from_item::<SendRecordRow>(item).unwrap(), row);
        let other = SendRecord::new("phone:1", "good-bye", 7);
        assert!(sent[1].has_same_id(&other) && !sent[1].has_same_text(&other));
        assert!(!sent[1].has_same_id(&sent[0]) && sent[1].has_same_text(&sent[0]));
    }
}
