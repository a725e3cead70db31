//! The batch operations. Each entry succeeds or fails independently.

use std::{collections::HashSet, time::Duration};

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    EmulatedSqs,
    error::SqsError,
    request::{SendMessageInput, queue_name, send_result, visibility_timeout},
    send::MAX_MESSAGE_BYTES,
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct BatchInput<T> {
    #[serde(default)]
    queue_url: String,
    #[serde(default = "Vec::new")]
    entries: Vec<BatchEntry<T>>,
}

#[derive(Deserialize)]
struct BatchEntry<T> {
    #[serde(rename = "Id")]
    id: String,
    #[serde(flatten)]
    input: T,
}

impl<T> BatchInput<T> {
    fn run(
        self,
        sqs: &EmulatedSqs,
        each: impl Fn(&str, &T) -> Result<Map<String, Value>, SqsError>,
    ) -> Result<Value, SqsError> {
        let name = queue_name(sqs, &self.queue_url)?;
        let ids: HashSet<_> = self.entries.iter().map(|entry| &entry.id).collect();
        match self.entries.len() {
            0 => return Err(SqsError::empty_batch()),
            11.. => return Err(SqsError::too_many_batch_entries()),
            distinct if distinct != ids.len() => return Err(SqsError::batch_ids_not_distinct()),
            _ => {}
        }
        let mut successful = Vec::new();
        let mut failed = Vec::new();
        for entry in &self.entries {
            match each(&name, &entry.input) {
                Ok(mut output) => {
                    output.insert("Id".to_owned(), entry.id.clone().into());
                    successful.push(output);
                }
                Err(error) => failed.push(error.failed_batch_entry(&entry.id)),
            }
        }
        Ok(json!({ "Successful": successful, "Failed": failed }))
    }
}

pub(super) fn send_message_batch(
    sqs: &EmulatedSqs,
    batch: BatchInput<SendMessageInput>,
) -> Result<Value, SqsError> {
    if batch.entries.iter().map(|entry| entry.input.draft().size()).sum::<usize>() > MAX_MESSAGE_BYTES {
        return Err(SqsError::batch_too_long());
    }
    batch.run(sqs, |name, message| Ok(send_result(&sqs.enqueue(name, message.draft())?)))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DeleteMessageEntry {
    receipt_handle: String,
}

pub(super) fn delete_message_batch(
    sqs: &EmulatedSqs,
    batch: BatchInput<DeleteMessageEntry>,
) -> Result<Value, SqsError> {
    batch.run(sqs, |name, entry| sqs.delete_by_receipt(name, &entry.receipt_handle).map(|()| Map::new()))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ChangeVisibilityEntry {
    receipt_handle: String,
    #[serde(default)]
    visibility_timeout: u64,
}

pub(super) fn change_message_visibility_batch(
    sqs: &EmulatedSqs,
    batch: BatchInput<ChangeVisibilityEntry>,
) -> Result<Value, SqsError> {
    batch.run(sqs, |name, entry| {
        let after: Duration = visibility_timeout(entry.visibility_timeout)?;
        sqs.change_visibility_by_receipt(name, &entry.receipt_handle, after).map(|()| Map::new())
    })
}
