//! Processes that die, or are overtaken: work that is stopped at one of the moments in which it waits.

use std::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    task::Poll,
};

/// Runs something until it has had to wait so many times, and drops it there: a process that dies. What it had sent has
/// been sent.
pub async fn run_until_crash<T>(steps: usize, work: impl Future<Output = T>) -> Option<T> {
    poll_at_most(steps, pin!(work)).await
}

/// Runs something, and something else in between: after it has had to wait so many times. Says whether it got there.
pub async fn run_interleaved<T>(
    steps: usize,
    work: impl Future<Output = T>,
    other: impl Future,
) -> (T, bool) {
    let mut work = pin!(work);
    if let Some(done) = poll_at_most(steps, work.as_mut()).await {
        return (done, false);
    }
    other.await;
    (work.await, true)
}

/// Its outcome, or `None` once it has had to wait so many times.
async fn poll_at_most<T>(steps: usize, mut work: Pin<&mut impl Future<Output = T>>) -> Option<T> {
    let mut waited = 0;
    poll_fn(|context| match work.as_mut().poll(context) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending if waited == steps => Poll::Ready(None),
        Poll::Pending => {
            waited += 1;
            Poll::Pending
        }
    })
    .await
}
