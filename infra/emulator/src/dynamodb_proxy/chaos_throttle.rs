//! Refuses a share of the requests as DynamoDB would. The engine never sees these requests, so a retry is safe.

use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};

use crate::{
    aws_response,
    chaos::{Chaos, ChaosDice},
};

pub(super) struct ChaosThrottle {
    rate: f64,
    any: ChaosDice,
    kind: ChaosDice,
    conflict: ChaosDice,
}

impl ChaosThrottle {
    pub(super) fn new(chaos: &Chaos) -> Self {
        let [any, kind, conflict] =
            ["table.throttle", "table.kind", "table.conflict"].map(|what| chaos.dice(what));
        Self { rate: chaos.throttle, any, kind, conflict }
    }

    pub(super) fn roll_refusal(&self, operation: &str, body: &[u8]) -> Option<Response> {
        if operation == "TransactWriteItems" && self.conflict.hit(self.rate) {
            return transaction_conflict(body);
        }
        if !self.any.hit(self.rate) {
            return None;
        }
        Some(if self.kind.hit(0.5) {
            error_response(&json!({
                "__type": "com.amazon.coral.availability#ThrottlingException",
                "message": "Rate of requests exceeds the allowed throughput.",
            }))
        } else {
            error_response(&json!({
                "__type": "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException",
                "message": "The level of configured provisioned throughput for the table was exceeded. Consider \
                            increasing your provisioning level with the UpdateTable API.",
            }))
        })
    }
}

/// The response if another transaction holds the first item. Returns `None` if the body is no transaction, and the
/// engine then reports the error.
pub(super) fn transaction_conflict(body: &[u8]) -> Option<Response> {
    let request: Value = serde_json::from_slice(body).ok()?;
    let items = request["TransactItems"].as_array().filter(|items| !items.is_empty())?.len();
    let mut codes = vec!["None"; items];
    codes[0] = "TransactionConflict";
    let reasons: Vec<_> = codes
        .iter()
        .map(|code| match *code {
            "None" => json!({ "Code": code }),
            _ => json!({ "Code": code, "Message": "Transaction is ongoing for the item" }),
        })
        .collect();
    let summary = codes.join(", ");
    Some(error_response(&json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "Message": format!(
            "Transaction cancelled, please refer cancellation reasons for specific reasons [{summary}]"
        ),
        "CancellationReasons": reasons,
    })))
}

fn error_response(body: &Value) -> Response {
    aws_response::aws_json(StatusCode::BAD_REQUEST, body)
}
