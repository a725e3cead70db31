//! The events that a worker is called with.

use serde_json::{Value, json};

use crate::REGION;

/// Builds the event of an event-source mapping. The messages have the ids `message-0`, `message-1` and so on, and are delivered
/// for the first time.
pub fn sqs_event(bodies: impl IntoIterator<Item = String>) -> Value {
    build_event(bodies.into_iter().map(|body| (None, body)))
}

/// Builds the event of a FIFO queue from the message group and the body of each message.
pub fn fifo_sqs_event<'a>(messages: impl IntoIterator<Item = (&'a str, String)>) -> Value {
    build_event(messages.into_iter().map(|(group, body)| (Some(group), body)))
}

fn build_event<'a>(messages: impl Iterator<Item = (Option<&'a str>, String)>) -> Value {
    let records = messages.enumerate().map(|(number, (group, body))| {
        let mut attributes = json!({ "ApproximateReceiveCount": "1" });
        if let Some(group) = group {
            attributes["MessageGroupId"] = group.into();
        }
        json!({
            "messageId": format!("message-{number}"),
            "receiptHandle": "handle",
            "body": body,
            "attributes": attributes,
            "messageAttributes": {},
            "eventSource": "aws:sqs",
            "awsRegion": REGION,
        })
    });
    json!({ "Records": records.collect::<Vec<_>>() })
}
