//! The policy for optimistic changes. The caller reads an item, changes it and writes it on a condition. If a concurrent change came
//! first, the caller repeats all three.

use std::time::Duration;

use rand::RngExt;

use crate::{StoreError, WriteOutcome};

/// The number of attempts. A change that loses eight times competes with a burst, and the caller is asked to try again later.
const MAX_ATTEMPTS: u32 = 8;
/// The longest pause after the first lost attempt, in milliseconds. It doubles with each further attempt.
const FIRST_PAUSE: u64 = 5;
/// How often the pause doubles, to 160 ms.
const MAX_DOUBLINGS: u32 = 5;

/// Repeats `attempt` until its conditional write is applied.
///
/// The pauses grow and are random, so that concurrent callers do not collide again. Each attempt reads the item that it
/// changes with a strongly consistent read.
///
/// `attempt` is a closure that returns an `async` block, `|| async { … }`. An async closure would read the same, but
/// the compiler cannot prove that its future is `Send` in a handler of axum.
///
/// # Errors
/// Returns the error of an attempt at once. Returns [`StoreError::Contended`] with `subject` after eight lost attempts.
pub async fn retry_conflict<T, E, F>(subject: &'static str, attempt: impl FnMut() -> F) -> Result<T, E>
where
    E: From<StoreError>,
    F: Future<Output = Result<WriteOutcome<T>, E>>,
{
    retry_burst(subject, MAX_ATTEMPTS, attempt).await
}

/// Repeats `attempt` as [`retry_conflict`] does, for items that the product allows to change in a burst of a known size.
pub(crate) async fn retry_burst<T, E, F>(
    subject: &'static str,
    max_attempts: u32,
    mut attempt: impl FnMut() -> F,
) -> Result<T, E>
where
    E: From<StoreError>,
    F: Future<Output = Result<WriteOutcome<T>, E>>,
{
    for lost in 0..max_attempts {
        if lost > 0 {
            let longest = FIRST_PAUSE << (lost - 1).min(MAX_DOUBLINGS);
            // A statement of its own, because the random number generator of the thread is not `Send`.
            let pause = rand::rng().random_range(0..longest);
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
        if let WriteOutcome::Applied(applied) = attempt().await? {
            return Ok(applied);
        }
    }
    Err(StoreError::Contended(subject).into())
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use model::{ChannelId, Error};
    use uuid::Uuid;

    use super::*;

    /// Handlers of axum must be `Send`, and their closures capture references to the arguments.
    #[test]
    fn the_future_of_a_handler_is_send() {
        async fn write(name: &str, channel: &ChannelId) -> Result<WriteOutcome<String>, Error> {
            tokio::task::yield_now().await;
            Ok(WriteOutcome::Applied(format!("{name} {channel}")))
        }
        async fn handler(name: String, channel: ChannelId) -> Result<String, Error> {
            retry_conflict("a row", || async { write(&name, &channel).await }).await
        }
        fn require_send<T: Send>(_: &T) {}
        require_send(&handler(String::new(), Uuid::nil().into()));
    }

    #[tokio::test]
    async fn a_lost_condition_is_retried_and_an_error_is_not() {
        let attempts = Cell::new(0);
        let applied: Result<u32, Error> = retry_conflict("a row", || async {
            attempts.set(attempts.get() + 1);
            let is_lost = attempts.get() < 4;
            Ok(if is_lost { WriteOutcome::ConditionFailed } else { WriteOutcome::Applied(attempts.get()) })
        })
        .await;
        assert_eq!(applied.unwrap(), 4);

        attempts.set(0);
        let failed: Result<(), Error> = retry_conflict("a row", || async {
            attempts.set(attempts.get() + 1);
            Err(Error::NotFound("row"))
        })
        .await;
        assert!(matches!(failed, Err(Error::NotFound("row"))));
        assert_eq!(attempts.get(), 1);
    }

    #[tokio::test]
    async fn contention_without_end_is_unavailable() {
        let attempts = Cell::new(0);
        let failed: Result<(), Error> = retry_conflict("a row", || async {
            attempts.set(attempts.get() + 1);
            Ok(WriteOutcome::ConditionFailed)
        })
        .await;
        assert!(matches!(failed, Err(Error::Unavailable { service: "a row", .. })));
        assert_eq!(attempts.get(), MAX_ATTEMPTS);
    }
}
