//! Errors of DynamoDB as errors of the store.

use aws_sdk_dynamodb::{
    error::{ProvideErrorMetadata, SdkError},
    operation::transact_write_items::TransactWriteItemsError,
};

use model::ExpectedVersion;

/// A call of the store that failed for another reason than a condition.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// DynamoDB throttled the call, timed out or was not reachable. The SDK has retried with jitter.
    #[error("the table is unavailable: {0}")]
    Unavailable(String),
    /// The item cannot be converted from or to its type.
    #[error("item: {0}")]
    InvalidItem(#[from] serde_dynamo::Error),
    /// The cursor is not valid, or belongs to another list.
    #[error("the cursor belongs to another list")]
    InvalidCursor,
    /// The item does not exist, or belongs to another owner.
    #[error("{0} not found")]
    NotFound(&'static str),
    /// The item has another version than the one that the client expects.
    #[error("the item does not have an expected version")]
    VersionMismatch,
    /// In each attempt of [`crate::retry_conflict`], a concurrent change of this subject was applied first.
    #[error("{0}: concurrent changes were applied first in each attempt")]
    Contended(&'static str),
    #[error("table: {0}")]
    InvalidRequest(String),
}

/// Returns an error unless the item has a version that the client expects.
pub(crate) fn require_version(expected: &ExpectedVersion, version: u64) -> Result<()> {
    if expected.allows(version) { Ok(()) } else { Err(StoreError::VersionMismatch) }
}

pub type Result<T, E = StoreError> = std::result::Result<T, E>;

impl From<StoreError> for model::Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) => Self::unavailable("the table", error),
            StoreError::NotFound(what) => Self::NotFound(what),
            StoreError::VersionMismatch => Self::PreconditionFailed,
            StoreError::Contended(subject) => Self::unavailable(subject, error),
            StoreError::InvalidCursor => Self::field("cursor", "is not a cursor of this list"),
            StoreError::InvalidItem(_) | StoreError::InvalidRequest(_) => Self::internal(error),
        }
    }
}

/// Codes of temporary failures. All other codes are internal errors.
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

/// Whether the condition of a write did not hold.
pub(crate) fn is_condition_failure<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> bool {
    error.as_service_error().and_then(ProvideErrorMetadata::code) == Some("ConditionalCheckFailedException")
}

/// Returns the positions of the writes of a transaction whose conditions did not hold, or `None` if it failed for
/// another reason.
///
/// A conflict with another transaction is not a failed condition. It says nothing about the condition, so the
/// transaction is retried.
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

/// Whether the transaction was cancelled only by concurrent transactions or throttling.
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
