//! The HTTP API of SQS in AWS JSON 1.0: `POST /` with the operation in `X-Amz-Target`.

use std::{collections::BTreeMap, time::Duration};

use axum::{extract::State, response::Response};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    EmulatedSqs, batch,
    error::SqsError,
    message::{QueueMessage, attributes_md5},
    request::{SendMessageInput, parse_input, queue_name, send_result, visibility_timeout},
};
use crate::{
    aws_response,
    iam::{AccessRefusal, AccessRequest, IamGuard},
};

pub(crate) async fn handle_request(
    State((sqs, guard)): State<(EmulatedSqs, IamGuard)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
    let operation = target.strip_prefix("AmazonSQS.").unwrap_or(target);
    if let Err(refusal) = authorize(&guard, &headers, operation, &body) {
        return SqsError::from(refusal).response();
    }
    match dispatch(&sqs, operation, &body).await {
        Ok(output) => aws_response::aws_json(StatusCode::OK, &output),
        Err(error) => error.response(),
    }
}

async fn dispatch(sqs: &EmulatedSqs, operation: &str, body: &[u8]) -> Result<Value, SqsError> {
    match operation {
        "SendMessage" => send_message(sqs, &parse_input(body)?),
        "SendMessageBatch" => batch::send_message_batch(sqs, parse_input(body)?),
        "ReceiveMessage" => receive_message(sqs, parse_input(body)?).await,
        "DeleteMessage" => delete_message(sqs, &parse_input(body)?),
        "DeleteMessageBatch" => batch::delete_message_batch(sqs, parse_input(body)?),
        "ChangeMessageVisibility" => change_message_visibility(sqs, &parse_input(body)?),
        "ChangeMessageVisibilityBatch" => batch::change_message_visibility_batch(sqs, parse_input(body)?),
        "GetQueueUrl" => get_queue_url(sqs, &parse_input(body)?),
        "GetQueueAttributes" => get_queue_attributes(sqs, &parse_input(body)?),
        "PurgeQueue" => purge_queue(sqs, &parse_input(body)?),
        "ListQueues" => Ok(list_queues(sqs, &parse_input(body)?)),
        other => Err(SqsError::unsupported_operation(other)),
    }
}

/// Checks the caller's permission on the queue that the request names. A batch needs the permission of its single
/// operation.
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
    // An unreadable body names no queue. If no permission is missing, the operation reports the error.
    let NamedQueue { queue_url, queue_name } = serde_json::from_slice(body).unwrap_or_default();
    let queue = queue_url.rsplit('/').next().filter(|queue| !queue.is_empty()).unwrap_or(&queue_name);
    let action = format!("sqs:{}", operation.strip_suffix("Batch").unwrap_or(operation));
    caller.authorize(&AccessRequest { action: &action, resource: &super::arn(queue), context: None })
}

fn send_message(sqs: &EmulatedSqs, input: &SendMessageInput) -> Result<Value, SqsError> {
    Ok(Value::Object(send_result(&sqs.enqueue(&queue_name(sqs, &input.queue_url)?, input.draft())?)))
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

async fn receive_message(sqs: &EmulatedSqs, input: ReceiveMessageInput) -> Result<Value, SqsError> {
    let name = queue_name(sqs, &input.queue_url)?;
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
    let messages = sqs.receive_messages(&name, max, Duration::from_secs(wait), visibility).await;
    if messages.is_empty() {
        return Ok(json!({}));
    }
    let messages: Vec<_> = messages.iter().map(|message| input.message_json(&name, message)).collect();
    Ok(json!({ "Messages": messages }))
}

impl ReceiveMessageInput {
    /// The message with the requested attributes.
    fn message_json(&self, queue: &str, message: &QueueMessage) -> Value {
        let received = message.to_received(queue);
        let mut output = json!({
            "MessageId": received.message_id,
            "ReceiptHandle": received.receipt_handle,
            "MD5OfBody": received.body_md5,
            "Body": received.body,
        });
        let system: Vec<_> =
            self.attribute_names.iter().chain(&self.message_system_attribute_names).collect();
        let is_requested = |name: &String| system.iter().any(|wanted| *wanted == "All" || *wanted == name);
        let attributes: BTreeMap<_, _> =
            received.attributes.into_iter().filter(|(name, _)| is_requested(name)).collect();
        if !attributes.is_empty() {
            output["Attributes"] = json!(attributes);
        }
        let is_requested = |name: &String| {
            self.message_attribute_names.iter().any(|wanted| match wanted.strip_suffix(".*") {
                Some(prefix) => name.starts_with(prefix),
                None => wanted == "All" || wanted == name,
            })
        };
        let attributes = message.attributes.iter().filter(|(name, _)| is_requested(name));
        let attributes: Map<_, _> = attributes.map(|(name, value)| (name.clone(), value.clone())).collect();
        if let Some(md5) = attributes_md5(&attributes) {
            output["MD5OfMessageAttributes"] = md5.into();
            output["MessageAttributes"] = Value::Object(attributes);
        }
        output
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DeleteMessageInput {
    #[serde(default)]
    queue_url: String,
    receipt_handle: String,
}

fn delete_message(sqs: &EmulatedSqs, input: &DeleteMessageInput) -> Result<Value, SqsError> {
    sqs.delete_by_receipt(&queue_name(sqs, &input.queue_url)?, &input.receipt_handle)?;
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
    sqs: &EmulatedSqs,
    input: &ChangeMessageVisibilityInput,
) -> Result<Value, SqsError> {
    let name = queue_name(sqs, &input.queue_url)?;
    sqs.change_visibility_by_receipt(
        &name,
        &input.receipt_handle,
        visibility_timeout(input.visibility_timeout)?,
    )?;
    Ok(json!({}))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GetQueueUrlInput {
    queue_name: String,
}

fn get_queue_url(sqs: &EmulatedSqs, input: &GetQueueUrlInput) -> Result<Value, SqsError> {
    let spec = sqs.spec(&input.queue_name)?;
    Ok(json!({ "QueueUrl": sqs.url(&spec.name) }))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GetQueueAttributesInput {
    #[serde(default)]
    queue_url: String,
    #[serde(default)]
    attribute_names: Vec<String>,
}

fn get_queue_attributes(sqs: &EmulatedSqs, input: &GetQueueAttributesInput) -> Result<Value, SqsError> {
    let name = queue_name(sqs, &input.queue_url)?;
    let spec = sqs.spec(&name)?;
    let depth = sqs.depth(&name);
    let mut attributes = BTreeMap::from([
        ("QueueArn", sqs.arn(&name)),
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
        let policy = json!({ "deadLetterTargetArn": sqs.arn(dead_letters), "maxReceiveCount": count });
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

fn purge_queue(sqs: &EmulatedSqs, input: &PurgeQueueInput) -> Result<Value, SqsError> {
    sqs.purge(&queue_name(sqs, &input.queue_url)?)?;
    Ok(json!({}))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListQueuesInput {
    #[serde(default)]
    queue_name_prefix: String,
}

fn list_queues(sqs: &EmulatedSqs, input: &ListQueuesInput) -> Value {
    let names = sqs.names().into_iter().filter(|name| name.starts_with(&input.queue_name_prefix));
    let urls: Vec<_> = names.map(|name| sqs.url(&name)).collect();
    json!({ "QueueUrls": urls })
}
