//! What DynamoDB refused, as one of ours.

use aws_sdk_dynamodb::{
    error::{ProvideErrorMetadata, SdkError},
    operation::transact_write_items::TransactWriteItemsError,
};

/// A call of the table that failed for another reason than a condition.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Throttled, timed out or not reachable: the SDK has already retried with jitter.
    #[error("the table is unavailable: {0}")]
    Unavailable(String),
    /// An item that cannot be read or written as the type it should be.
    #[error("item: {0}")]
    InvalidItem(#[from] serde_dynamo::Error),
    /// A cursor that is not ours, or of another list.
    #[error("the cursor belongs to another list")]
    InvalidCursor,
    /// Concurrent changes of this subject were applied first, in each attempt of [`crate::retry_conflict`].
    #[error("{0}: concurrent changes were applied first in each attempt")]
    Contended(&'static str),
    #[error("table: {0}")]
    InvalidRequest(String),
}

pub type Result<T, E = StoreError> = std::result::Result<T, E>;

impl From<StoreError> for model::Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) => Self::unavailable("the table", error),
            StoreError::Contended(subject) => Self::unavailable(subject, error),
            StoreError::InvalidCursor => Self::field("cursor", "is not a cursor of this list"),
            StoreError::InvalidItem(_) | StoreError::InvalidRequest(_) => Self::internal(error),
        }
    }
}

/// Codes that mean "later": the rest are bugs of ours.
const TRANSIENT_ERROR_CODES: [&str; 8] = [
    "ThrottlingException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "InternalServerError",
    "ServiceUnavailable",
    "TransactionInProgressException",
    "TransactionConflictException",
    "LimitExceededException",
];

impl<E, R> From<SdkError<E, R>> for StoreError
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    fn from(error: SdkError<E, R>) -> Self {
        match &error {
            SdkError::ServiceError(service) => {
                let code = service.err().code().unwrap_or_default();
                let text = format!("{code}: {}", service.err().message().unwrap_or_default());
                if TRANSIENT_ERROR_CODES.contains(&code) {
                    Self::Unavailable(text)
                } else {
                    Self::InvalidRequest(text)
                }
            }
            _ => Self::Unavailable(error.to_string()),
        }
    }
}

/// Did the write lose its condition (and not fail)?
pub(crate) fn is_condition_failure<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> bool {
    error.as_service_error().and_then(ProvideErrorMetadata::code) == Some("ConditionalCheckFailedException")
}

/// Which writes of a transaction lost their conditions, by position; `None` where it failed for another reason. A
/// conflict with another transaction is not a lost condition: nothing is known yet, and it is worth retrying.
pub(crate) fn failed_conditions<R>(error: &SdkError<TransactWriteItemsError, R>) -> Option<Vec<usize>> {
    let TransactWriteItemsError::TransactionCanceledException(canceled) = error.as_service_error()? else {
        return None;
    };
    let lost: Vec<usize> = canceled
        .cancellation_reasons()
        .iter()
        .enumerate()
        .filter(|(_, reason)| reason.code() == Some("ConditionalCheckFailed"))
        .map(|(position, _)| position)
        .collect();
    (!lost.is_empty()).then_some(lost)
}

/// Was the transaction cancelled only because others ran at the same time, or by throttling?
pub(crate) fn is_transaction_conflict<R>(error: &SdkError<TransactWriteItemsError, R>) -> bool {
    let Some(TransactWriteItemsError::TransactionCanceledException(canceled)) = error.as_service_error()
    else {
        return false;
    };
    canceled.cancellation_reasons().iter().all(|reason| {
        matches!(
            reason.code(),
            None | Some("None" | "TransactionConflict" | "ThrottlingError" | "ProvisionedThroughputExceeded")
        )
    })
}
