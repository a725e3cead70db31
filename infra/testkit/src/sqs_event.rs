//! The events that a worker is called with.

use emulator::REGION;
use jiff::Timestamp;
use protocol::{Job, job::JobEnvelope};
use serde_json::{Value, json};

/// Returns the body of the message that carries a job.
pub fn job_body<J: Job>(job: &J, at: Timestamp, request_id: Option<&str>) -> String {
    let payload = serde_json::to_value(job).expect("a payload");
    let request_id = request_id.map(str::to_owned);
    let envelope = JobEnvelope { job: J::NAME.into(), payload, at, request_id };
    serde_json::to_string(&envelope).expect("JSON")
}

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
