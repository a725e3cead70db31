//! The one policy for optimistic changes: read, change, write on a condition, and repeat when a concurrent change came first.

use std::time::Duration;

use model::Error;
use rand::RngExt;

use crate::WriteOutcome;

/// Attempts in all. A change that loses eight times competes with a burst, and its caller is told to try again later.
const MAX_ATTEMPTS: u32 = 8;
/// The pause after the first lost attempt, in milliseconds; it doubles with each further one, up to [`MAX_PAUSE`].
const FIRST_PAUSE: u64 = 5;
const MAX_PAUSE: u64 = 160;

/// Repeats `attempt` until its conditional write is applied, with pauses that grow and are spread at random, so that concurrent
/// callers do not meet again. `attempt` reads what it changes by itself, strongly, each time.
///
/// # Errors
/// What `attempt` returns, at once; `Unavailable` for `subject` after eight lost attempts.
pub async fn retry_conflict<T>(
    subject: &'static str,
    mut attempt: impl AsyncFnMut() -> Result<WriteOutcome<T>, Error>,
) -> Result<T, Error> {
    for lost in 0..MAX_ATTEMPTS {
        if lost > 0 {
            let pause = (FIRST_PAUSE << (lost - 1)).min(MAX_PAUSE);
            tokio::time::sleep(Duration::from_millis(rand::rng().random_range(0..pause))).await;
        }
        if let WriteOutcome::Applied(applied) = attempt().await? {
            return Ok(applied);
        }
    }
    Err(Error::unavailable(subject, "concurrent changes came first each time"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_lost_condition_is_retried_and_an_error_is_not() {
        let mut attempts = 0;
        let applied = retry_conflict("a row", async || {
            attempts += 1;
            Ok(if attempts < 4 { WriteOutcome::ConditionFailed } else { WriteOutcome::Applied(attempts) })
        });
        assert_eq!(applied.await.unwrap(), 4);

        let mut attempts = 0;
        let failed: Result<(), Error> = retry_conflict("a row", async || {
            attempts += 1;
            Err(Error::NotFound("row"))
        })
        .await;
        assert!(matches!(failed, Err(Error::NotFound("row"))));
        assert_eq!(attempts, 1);
    }

    #[tokio::test]
    async fn contention_without_end_is_unavailable() {
        let mut attempts = 0;
        let failed: Result<(), Error> = retry_conflict("a row", async || {
            attempts += 1;
            Ok(WriteOutcome::ConditionFailed)
        })
        .await;
        assert!(matches!(failed, Err(Error::Unavailable { service: "a row", .. })));
        assert_eq!(attempts, MAX_ATTEMPTS);
    }
}
