//! Request shapes and checks that single and batch operations share.

use std::time::Duration;

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use super::{
    EmulatedSqs,
    error::SqsError,
    message::{QueueMessage, attributes_md5},
    send::SqsMessageDraft,
};

pub(super) fn parse_input<T: DeserializeOwned>(body: &[u8]) -> Result<T, SqsError> {
    serde_json::from_slice(body).map_err(|error| SqsError::invalid_parameter(error.to_string()))
}

/// The name of an existing queue, from the last segment of its URL. The host is not compared, because a caller may know
/// the emulator by another host name.
pub(super) fn queue_name(sqs: &EmulatedSqs, url: &str) -> Result<String, SqsError> {
    let name = url.rsplit('/').next().unwrap_or_default();
    sqs.spec(name).map(|spec| spec.name)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SendMessageInput {
    #[serde(default)]
    pub(super) queue_url: String,
    #[serde(default)]
    message_body: String,
    delay_seconds: Option<u64>,
    #[serde(default)]
    message_attributes: Map<String, Value>,
    message_group_id: Option<String>,
    message_deduplication_id: Option<String>,
}

impl SendMessageInput {
    pub(super) fn draft(&self) -> SqsMessageDraft<'_> {
        SqsMessageDraft {
            body: &self.message_body,
            attributes: self.message_attributes.clone(),
            group: self.message_group_id.as_deref(),
            deduplication_id: self.message_deduplication_id.as_deref(),
            delay: self.delay_seconds.map(Duration::from_secs),
        }
    }
}

/// The response to a sent message. The checksums are those of the sent content, also if the message is a duplicate.
pub(super) fn send_result(message: &QueueMessage) -> Map<String, Value> {
    let mut output = Map::new();
    output.insert("MessageId".to_owned(), message.id.clone().into());
    output.insert("MD5OfMessageBody".to_owned(), message.body_md5().into());
    if let Some(md5) = attributes_md5(&message.attributes) {
        output.insert("MD5OfMessageAttributes".to_owned(), md5.into());
    }
    if message.deduplication_id.is_some() {
        output.insert("SequenceNumber".to_owned(), message.sequence_number().into());
    }
    output
}

/// Reads a visibility timeout, which is at most 12 hours (SQS quotas).
pub(super) fn visibility_timeout(seconds: u64) -> Result<Duration, SqsError> {
    if seconds > 43_200 {
        return Err(SqsError::invalid_parameter(
            "Reason: VisibilityTimeout must be between 0 and 43200, if provided.".to_owned(),
        ));
    }
    Ok(Duration::from_secs(seconds))
}
