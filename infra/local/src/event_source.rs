//! Event-source mappings: poll a queue and call its function, as Lambda does.

use std::{sync::Arc, time::Duration};

use emulator::{EmulatedSqs, REGION, ReceivedMessage};
use serde_json::{Value, json};
use tokio::{
    sync::Semaphore,
    task::JoinSet,
    time::{Instant, timeout_at},
};

use crate::{gateway::context::GatewayContext, runner::FunctionRunner, template::EventSourceMapping};

/// Concurrent batches of a mapping. Lambda starts with five for a standard queue. For a FIFO queue it runs as many as
/// there are message groups, and the queue keeps the order of each group.
const STANDARD_CONCURRENCY: usize = 5;
const FIFO_CONCURRENCY: usize = 10;
/// The duration of a long poll, as in Lambda's pollers.
const LONG_POLL_WAIT: Duration = Duration::from_secs(20);

/// Polls a queue until the task is aborted.
pub(crate) async fn poll_queue(
    mapping: EventSourceMapping,
    context: Arc<GatewayContext>,
    retry_after: Option<Duration>,
) {
    let usual = if mapping.fifo { FIFO_CONCURRENCY } else { STANDARD_CONCURRENCY };
    let queues = context.emulator.sqs();
    let slots = Arc::new(Semaphore::new(mapping.max_concurrency.unwrap_or(usual)));
    let mapping = Arc::new(mapping);
    let mut batches = JoinSet::new();
    loop {
        let Ok(slot) = Arc::clone(&slots).acquire_owned().await else { return };
        let messages = receive_batch(&mapping, &queues).await;
        while batches.try_join_next().is_some() {}
        if messages.is_empty() {
            continue;
        }
        let batch = BatchDelivery { mapping: Arc::clone(&mapping), queues: queues.clone(), retry_after };
        context.traffic.record_batch(messages.len());
        let runner = Arc::clone(&context.runner);
        batches.spawn(async move {
            batch.deliver(messages, &runner).await;
            drop(slot);
        });
    }
}

/// Receives a batch. With a batching window, waits for more messages until the batch is full or the window has passed.
async fn receive_batch(mapping: &EventSourceMapping, queues: &EmulatedSqs) -> Vec<ReceivedMessage> {
    let mut messages = queues.receive(&mapping.queue, mapping.batch_size, LONG_POLL_WAIT).await;
    let closes = Instant::now() + mapping.batching_window;
    while !messages.is_empty() && messages.len() < mapping.batch_size && Instant::now() < closes {
        let missing = mapping.batch_size - messages.len();
        let more = timeout_at(closes, queues.receive(&mapping.queue, missing, closes - Instant::now()));
        messages.extend(more.await.unwrap_or_default());
    }
    messages
}

struct BatchDelivery {
    mapping: Arc<EventSourceMapping>,
    queues: EmulatedSqs,
    retry_after: Option<Duration>,
}

impl BatchDelivery {
    async fn deliver(&self, messages: Vec<ReceivedMessage>, runner: &Arc<FunctionRunner>) {
        let event = sqs_event(&self.mapping.queue_arn, &messages);
        let result = runner.invoke(&self.mapping.function, event).await;
        let failed = match &result {
            Ok(returned) if self.mapping.partial_failures => batch_failures(returned),
            Ok(_) => BatchFailures::Only(Vec::new()),
            Err(_) => BatchFailures::All,
        };
        for message in messages {
            if !failed.contain(&message.message_id) {
                self.queues.delete(&self.mapping.queue, &message.receipt_handle);
            } else if let Some(after) = self.retry_after {
                self.queues.change_visibility(&self.mapping.queue, &message.receipt_handle, after);
            }
        }
    }
}

enum BatchFailures<'r> {
    All,
    Only(Vec<&'r str>),
}

impl BatchFailures<'_> {
    fn contain(&self, message_id: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(ids) => ids.contains(&message_id),
        }
    }
}

/// The failed messages of a batch. By Lambda's rules, an invalid response means that all messages failed, and an empty
/// response that none did.
fn batch_failures(returned: &Value) -> BatchFailures<'_> {
    match returned.get("batchItemFailures") {
        None | Some(Value::Null) => BatchFailures::Only(Vec::new()),
        Some(Value::Array(items)) => {
            let ids: Option<Vec<&str>> = items
                .iter()
                .map(|item| item["itemIdentifier"].as_str().filter(|id| !id.is_empty()))
                .collect();
            ids.map_or(BatchFailures::All, BatchFailures::Only)
        }
        Some(_) => BatchFailures::All,
    }
}

fn sqs_event(queue_arn: &str, messages: &[ReceivedMessage]) -> Value {
    let records: Vec<Value> = messages
        .iter()
        .map(|message| {
            json!({
                "messageId": message.message_id,
                "receiptHandle": message.receipt_handle,
                "body": message.body,
                "attributes": message.attributes,
                "messageAttributes": message.message_attributes,
                "md5OfBody": message.body_md5,
                "eventSource": "aws:sqs",
                "eventSourceARN": queue_arn,
                "awsRegion": REGION,
            })
        })
        .collect();
    json!({ "Records": records })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_names_the_failed_messages() {
        let contains = |returned: Value, id: &str| batch_failures(&returned).contain(id);
        assert!(!contains(Value::Null, "a"));
        assert!(!contains(json!({"batchItemFailures": []}), "a"));
        let one = json!({"batchItemFailures": [{"itemIdentifier": "a"}]});
        assert!(contains(one.clone(), "a") && !contains(one, "b"));
        assert!(contains(json!({"batchItemFailures": [{"itemIdentifier": ""}]}), "b"));
        assert!(contains(json!({"batchItemFailures": [{"id": "a"}]}), "b"));
        assert!(contains(json!({"batchItemFailures": "a"}), "b"));
    }
}
