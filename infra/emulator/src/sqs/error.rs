//! The errors of SQS. Its JSON protocol has the type in the body. A header has the older name of the XML protocol,
//! which the SDKs show.

use std::{fmt, io};

use axum::response::Response;
use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::json;

use crate::{aws_response, iam::AccessRefusal};

#[derive(Debug)]
pub(super) struct SqsError {
    kind: &'static str,
    code: &'static str,
    message: String,
    is_sender_fault: bool,
}

impl SqsError {
    fn sender_fault(kind: &'static str, code: &'static str, message: impl Into<String>) -> Self {
        Self { kind, code, message: message.into(), is_sender_fault: true }
    }

    pub(super) fn queue_does_not_exist() -> Self {
        let code = "AWS.SimpleQueueService.NonExistentQueue";
        Self::sender_fault("com.amazonaws.sqs#QueueDoesNotExist", code, "The specified queue does not exist.")
    }

    pub(super) fn invalid_receipt_handle() -> Self {
        let message = "The input receipt handle is invalid.";
        Self::sender_fault("com.amazonaws.sqs#ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid", message)
    }

    pub(super) fn message_not_in_flight() -> Self {
        let code = "AWS.SimpleQueueService.MessageNotInflight";
        Self::sender_fault("com.amazonaws.sqs#MessageNotInflight", code, "The message is not in flight.")
    }

    pub(super) fn receipt_handle_expired() -> Self {
        Self::invalid_parameter(
            "Value for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired."
                .to_owned(),
        )
    }

    pub(super) fn invalid_parameter(message: String) -> Self {
        Self::sender_fault(
            "com.amazonaws.sqs#InvalidParameterValueException",
            "InvalidParameterValue",
            message,
        )
    }

    pub(super) fn missing_parameter(parameter: &str) -> Self {
        let message = format!("The request must contain the parameter {parameter}.");
        Self::sender_fault("com.amazonaws.sqs#MissingRequiredParameterException", "MissingParameter", message)
    }

    pub(super) fn invalid_message_contents() -> Self {
        let message = "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | \
                       #xE000 to #xFFFD | #x10000 to #x10FFFF";
        Self::sender_fault("com.amazonaws.sqs#InvalidMessageContents", "InvalidMessageContents", message)
    }

    pub(super) fn unsupported_operation(operation: &str) -> Self {
        let message = format!("{operation} is not emulated here.");
        Self::sender_fault(
            "com.amazonaws.sqs#UnsupportedOperation",
            "AWS.SimpleQueueService.UnsupportedOperation",
            message,
        )
    }

    pub(super) fn empty_batch() -> Self {
        let code = "AWS.SimpleQueueService.EmptyBatchRequest";
        Self::sender_fault(
            "com.amazonaws.sqs#EmptyBatchRequest",
            code,
            "There should be at least one entry in the request.",
        )
    }

    pub(super) fn too_many_batch_entries() -> Self {
        let code = "AWS.SimpleQueueService.TooManyEntriesInBatchRequest";
        let message = "Maximum number of entries per request are 10.";
        Self::sender_fault("com.amazonaws.sqs#TooManyEntriesInBatchRequest", code, message)
    }

    pub(super) fn batch_ids_not_distinct() -> Self {
        let code = "AWS.SimpleQueueService.BatchEntryIdsNotDistinct";
        Self::sender_fault(
            "com.amazonaws.sqs#BatchEntryIdsNotDistinct",
            code,
            "Two entries have the same Id.",
        )
    }

    pub(super) fn batch_too_long() -> Self {
        let code = "AWS.SimpleQueueService.BatchRequestTooLong";
        let message = "Batch requests cannot be longer than 1048576 bytes.";
        Self::sender_fault("com.amazonaws.sqs#BatchRequestTooLong", code, message)
    }

    pub(super) fn not_stored(error: &io::Error) -> Self {
        tracing::error!(%error, "queues.jsonl not written");
        Self {
            kind: "com.amazonaws.sqs#InternalFailure",
            code: "InternalFailure",
            message: "The message was not stored.".to_owned(),
            is_sender_fault: false,
        }
    }

    pub(super) fn response(&self) -> Response {
        let status =
            if self.is_sender_fault { StatusCode::BAD_REQUEST } else { StatusCode::INTERNAL_SERVER_ERROR };
        let mut response =
            aws_response::aws_json(status, &json!({ "__type": self.kind, "message": self.message }));
        let side = if self.is_sender_fault { "Sender" } else { "Receiver" };
        if let Ok(value) = HeaderValue::from_str(&format!("{};{side}", self.code)) {
            response.headers_mut().insert(HeaderName::from_static("x-amzn-query-error"), value);
        }
        response
    }

    /// The error as an entry of `Failed` in a batch response.
    pub(super) fn failed_batch_entry(&self, id: &str) -> serde_json::Value {
        json!({ "Id": id, "SenderFault": self.is_sender_fault, "Code": self.code, "Message": self.message })
    }
}

impl From<AccessRefusal> for SqsError {
    fn from(refusal: AccessRefusal) -> Self {
        match refusal {
            AccessRefusal::Unsigned => Self::sender_fault(
                "com.amazon.coral.service#MissingAuthenticationTokenException",
                "MissingAuthenticationToken",
                "Request is missing Authentication Token",
            ),
            AccessRefusal::Unknown => Self::sender_fault(
                "com.amazon.coral.service#UnrecognizedClientException",
                "InvalidClientTokenId",
                "The security token included in the request is invalid.",
            ),
            AccessRefusal::Denied(text) => {
                Self::sender_fault("com.amazon.coral.service#AccessDeniedException", "AccessDenied", text)
            }
        }
    }
}

impl fmt::Display for SqsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}
