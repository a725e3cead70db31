//! What the door of a worker is called with.

use serde_json::{Value, json};

use crate::REGION;

/// The event of an event-source mapping. The messages are called `message-0`, `message-1` and so on, and are delivered for the
/// first time.
pub fn sqs_event(bodies: impl IntoIterator<Item = String>) -> Value {
    let records = bodies.into_iter().enumerate().map(|(number, body)| {
        json!({
            "messageId": format!("message-{number}"),
            "receiptHandle": "handle",
            "body": body,
            "attributes": { "ApproximateReceiveCount": "1" },
            "messageAttributes": {},
            "eventSource": "aws:sqs",
            "awsRegion": REGION,
        })
    });
    json!({ "Records": records.collect::<Vec<_>>() })
}
