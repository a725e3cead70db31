//! SQS's AWS JSON 1.0: `POST /` with the operation in `X-Amz-Target`.

use std::{collections::BTreeMap, time::Duration};

use axum::{extract::State, response::Response};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};

use super::{
    EmulatedSqs, batch,
    fault::SqsError,
    message::{QueueMessage, attributes_md5},
    send::SqsMessageDraft,
};
use crate::{
    iam::{AccessRefusal, AccessRequest, IamGuard},
    wire,
};

pub(crate) async fn handle_request(
    State((queues, guard)): State<(EmulatedSqs, IamGuard)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
    let operation = target.strip_prefix("AmazonSQS.").unwrap_or(target);
    if let Err(refusal) = authorize(&guard, &headers, operation, &body) {
        return SqsError::from(refusal).response();
    }
    match dispatch(&queues, operation, &body).await {
        Ok(answer) => wire::aws_json(StatusCode::OK, &answer),
        Err(fault) => fault.response(),
    }
}

async fn dispatch(queues: &EmulatedSqs, operation: &str, body: &[u8]) -> Result<Value, SqsError> {
    match operation {
        "SendMessage" => send_message(queues, &parse_input(body)?),
        "SendMessageBatch" => batch::send_message_batch(queues, parse_input(body)?),
        "ReceiveMessage" => receive_message(queues, parse_input(body)?).await,
        "DeleteMessage" => delete_message(queues, &parse_input(body)?),
        "DeleteMessageBatch" => batch::delete_message_batch(queues, parse_input(body)?),
        "ChangeMessageVisibility" => change_message_visibility(queues, &parse_input(body)?),
        "ChangeMessageVisibilityBatch" => batch::change_message_visibility_batch(queues, parse_input(body)?),
        "GetQueueUrl" => get_queue_url(queues, &parse_input(body)?),
        "GetQueueAttributes" => get_queue_attributes(queues, &parse_input(body)?),
        "PurgeQueue" => purge_queue(queues, &parse_input(body)?),
        "ListQueues" => Ok(list_queues(queues, &parse_input(body)?)),
        other => Err(SqsError::unsupported_operation(other)),
    }
}

/// On the queue that the request names. A batch is the same permission as its single operation.
fn authorize(
    guard: &IamGuard,
    headers: &HeaderMap,
    operation: &str,
    body: &[u8],
) -> Result<(), AccessRefusal> {
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "PascalCase", default)]
    struct NamedQueue {
        queue_url: String,
        queue_name: String,
    }
    let caller = guard.caller(headers)?;
    // what cannot be read names no queue, and is refused as what it is if no permission is missing
    let NamedQueue { queue_url, queue_name } = serde_json::from_slice(body).unwrap_or_default();
    let queue = queue_url.rsplit('/').next().filter(|queue| !queue.is_empty()).unwrap_or(&queue_name);
    let action = format!("sqs:{}", operation.strip_suffix("Batch").unwrap_or(operation));
    caller.authorize(&AccessRequest { action: &action, resource: &super::arn(queue), context: None })
}

fn parse_input<T: DeserializeOwned>(body: &[u8]) -> Result<T, SqsError> {
    serde_json::from_slice(body).map_err(|error| SqsError::invalid_parameter(error.to_string()))
}

/// The last segment of a queue's URL: who asks may know the host by another name.
pub(super) fn queue_name(queues: &EmulatedSqs, url: &str) -> Result<String, SqsError> {
    let name = url.rsplit('/').next().unwrap_or_default();
    queues.spec(name).map(|spec| spec.name)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SendMessageInput {
    #[serde(default)]
    queue_url: String,
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

fn send_message(queues: &EmulatedSqs, input: &SendMessageInput) -> Result<Value, SqsError> {
    Ok(Value::Object(send_result(&queues.enqueue(&queue_name(queues, &input.queue_url)?, input.draft())?)))
}

/// What the sender is told. The checksums are of what it sent, also where a duplicate is dropped.
pub(super) fn send_result(message: &QueueMessage) -> Map<String, Value> {
    let mut answer = Map::new();
    answer.insert("MessageId".to_owned(), message.id.clone().into());
    answer.insert("MD5OfMessageBody".to_owned(), message.body_md5().into());
    if let Some(md5) = attributes_md5(&message.attributes) {
        answer.insert("MD5OfMessageAttributes".to_owned(), md5.into());
    }
    if message.deduplication_id.is_some() {
        answer.insert("SequenceNumber".to_owned(), message.sequence_number().into());
    }
    answer
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ReceiveMessageInput {
    #[serde(default)]
    queue_url: String,
    max_number_of_messages: Option<usize>,
    wait_time_seconds: Option<u64>,
    visibility_timeout: Option<u64>,
    #[serde(default)]
    attribute_names: Vec<String>,
    #[serde(default)]
    message_system_attribute_names: Vec<String>,
    #[serde(default)]
    message_attribute_names: Vec<String>,
}

async fn receive_message(queues: &EmulatedSqs, input: ReceiveMessageInput) -> Result<Value, SqsError> {
    let name = queue_name(queues, &input.queue_url)?;
    let max = input.max_number_of_messages.unwrap_or(1);
    if !(1..=10).contains(&max) {
        return Err(SqsError::invalid_parameter(
            "Reason: MaxNumberOfMessages must be between 1 and 10, if provided.".to_owned(),
        ));
    }
    let wait = input.wait_time_seconds.unwrap_or(0);
    if wait > 20 {
        return Err(SqsError::invalid_parameter(
            "Reason: WaitTimeSeconds must be >= 0 and <= 20, if provided.".to_owned(),
        ));
    }
    let visibility = input.visibility_timeout.map(visibility_timeout).transpose()?;
    let messages = queues.receive_messages(&name, max, Duration::from_secs(wait), visibility).await;
    if messages.is_empty() {
        return Ok(json!({}));
    }
    let messages: Vec<_> = messages.iter().map(|message| input.message_json(&name, message)).collect();
    Ok(json!({ "Messages": messages }))
}

impl ReceiveMessageInput {
    /// The message with the attributes that were asked for, and no others.
    fn message_json(&self, queue: &str, message: &QueueMessage) -> Value {
        let received = message.to_received(queue);
        let mut answer = json!({
            "MessageId": received.message_id,
            "ReceiptHandle": received.receipt_handle,
            "MD5OfBody": received.body_md5,
            "Body": received.body,
        });
        let system: Vec<_> =
            self.attribute_names.iter().chain(&self.message_system_attribute_names).collect();
        let asked = |name: &String| system.iter().any(|wanted| *wanted == "All" || *wanted == name);
        let attributes: BTreeMap<_, _> =
            received.attributes.into_iter().filter(|(name, _)| asked(name)).collect();
        if !attributes.is_empty() {
            answer["Attributes"] = json!(attributes);
        }
        let asked = |name: &String| {
            self.message_attribute_names.iter().any(|wanted| match wanted.strip_suffix(".*") {
                Some(prefix) => name.starts_with(prefix),
                None => wanted == "All" || wanted == name,
            })
        };
        let attributes = message.attributes.iter().filter(|(name, _)| asked(name));
        let attributes: Map<_, _> = attributes.map(|(name, value)| (name.clone(), value.clone())).collect();
        if let Some(md5) = attributes_md5(&attributes) {
            answer["MD5OfMessageAttributes"] = md5.into();
            answer["MessageAttributes"] = Value::Object(attributes);
        }
        answer
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DeleteMessageInput {
    #[serde(default)]
    queue_url: String,
    receipt_handle: String,
}

fn delete_message(queues: &EmulatedSqs, input: &DeleteMessageInput) -> Result<Value, SqsError> {
    queues.delete_by_receipt(&queue_name(queues, &input.queue_url)?, &input.receipt_handle)?;
    Ok(json!({}))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ChangeMessageVisibilityInput {
    #[serde(default)]
    queue_url: String,
    receipt_handle: String,
    visibility_timeout: u64,
}

fn change_message_visibility(
    queues: &EmulatedSqs,
    input: &ChangeMessageVisibilityInput,
) -> Result<Value, SqsError> {
    let name = queue_name(queues, &input.queue_url)?;
    queues.change_visibility_by_receipt(
        &name,
        &input.receipt_handle,
        visibility_timeout(input.visibility_timeout)?,
    )?;
    Ok(json!({}))
}

/// 12 hours at most (SQS quotas).
pub(super) fn visibility_timeout(seconds: u64) -> Result<Duration, SqsError> {
    if seconds > 43_200 {
        return Err(SqsError::invalid_parameter(
            "Reason: VisibilityTimeout must be between 0 and 43200, if provided.".to_owned(),
        ));
    }
    Ok(Duration::from_secs(seconds))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GetQueueUrlInput {
    queue_name: String,
}

fn get_queue_url(queues: &EmulatedSqs, input: &GetQueueUrlInput) -> Result<Value, SqsError> {
    let spec = queues.spec(&input.queue_name)?;
    Ok(json!({ "QueueUrl": queues.url(&spec.name) }))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GetQueueAttributesInput {
    #[serde(default)]
    queue_url: String,
    #[serde(default)]
    attribute_names: Vec<String>,
}

fn get_queue_attributes(queues: &EmulatedSqs, input: &GetQueueAttributesInput) -> Result<Value, SqsError> {
    let name = queue_name(queues, &input.queue_url)?;
    let spec = queues.spec(&name)?;
    let depth = queues.depth(&name);
    let mut attributes = BTreeMap::from([
        ("QueueArn", queues.arn(&name)),
        ("ApproximateNumberOfMessages", depth.visible.to_string()),
        ("ApproximateNumberOfMessagesNotVisible", depth.in_flight.to_string()),
        ("ApproximateNumberOfMessagesDelayed", depth.delayed.to_string()),
        ("VisibilityTimeout", spec.visibility_timeout.as_secs().to_string()),
        ("DelaySeconds", spec.delay.as_secs().to_string()),
        ("MessageRetentionPeriod", spec.retention.as_secs().to_string()),
        ("MaximumMessageSize", super::send::MAX_MESSAGE_BYTES.to_string()),
    ]);
    if spec.fifo {
        attributes.insert("FifoQueue", "true".to_owned());
        attributes.insert("ContentBasedDeduplication", spec.content_based_deduplication.to_string());
        let scope = if spec.deduplicate_per_group { "messageGroup" } else { "queue" };
        attributes.insert("DeduplicationScope", scope.to_owned());
    }
    if let (Some(dead_letters), Some(count)) = (&spec.dead_letter_queue, spec.max_receive_count) {
        let policy = json!({ "deadLetterTargetArn": queues.arn(dead_letters), "maxReceiveCount": count });
        attributes.insert("RedrivePolicy", policy.to_string());
    }
    attributes.retain(|name, _| input.attribute_names.iter().any(|wanted| wanted == "All" || wanted == name));
    Ok(json!({ "Attributes": attributes }))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PurgeQueueInput {
    #[serde(default)]
    queue_url: String,
}

fn purge_queue(queues: &EmulatedSqs, input: &PurgeQueueInput) -> Result<Value, SqsError> {
    queues.purge(&queue_name(queues, &input.queue_url)?)?;
    Ok(json!({}))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListQueuesInput {
    #[serde(default)]
    queue_name_prefix: String,
}

fn list_queues(queues: &EmulatedSqs, input: &ListQueuesInput) -> Value {
    let names = queues.names().into_iter().filter(|name| name.starts_with(&input.queue_name_prefix));
    let urls: Vec<_> = names.map(|name| queues.url(&name)).collect();
    json!({ "QueueUrls": urls })
}
