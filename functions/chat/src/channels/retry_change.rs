//! Retries of changes of a channel and its members.

use model::{Error, ErrorCode};
use store::{StoreError, WriteOutcome, retry_conflict};

/// Repeats a change as [`retry_conflict`] does. `subject` is part of the message for people.
///
/// # Errors
/// The error of an attempt. `CONFLICT`, and not `SERVICE_UNAVAILABLE`, if concurrent changes came first in each
/// attempt, because the caller competes with changes of other members.
pub(super) async fn retry_change<T, F>(
    subject: &'static str,
    mut attempt: impl FnMut() -> F,
) -> Result<T, Error>
where
    F: Future<Output = Result<WriteOutcome<T>, Error>>,
{
    let changed = retry_conflict(subject, || {
        let attempt = attempt();
        async { attempt.await.map_err(ChangeError) }
    });
    changed.await.map_err(|ChangeError(error)| error)
}

struct ChangeError(Error);

impl From<StoreError> for ChangeError {
    fn from(error: StoreError) -> Self {
        Self(match error {
            StoreError::Contended(subject) => Error::conflict(
                ErrorCode::Conflict,
                format!("{subject} was changed at the same time: try again"),
            ),
            error => error.into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn contention_without_end_is_a_conflict() {
        let contended: Result<(), Error> =
            retry_change("the channel", || async { Ok(WriteOutcome::ConditionFailed) }).await;
        assert!(matches!(contended, Err(Error::Conflict(ErrorCode::Conflict, _))), "{contended:?}");
    }

    #[tokio::test]
    async fn an_error_of_an_attempt_is_returned() {
        let failed: Result<(), Error> =
            retry_change("the channel", || async { Err(Error::NotFound("channel")) }).await;
        assert!(matches!(failed, Err(Error::NotFound("channel"))), "{failed:?}");
    }
}
