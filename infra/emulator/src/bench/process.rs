//! Processes that die, and processes that something else overtakes, at a chosen call to the services.

use std::future::Future;

use super::TestCloud;
use crate::call_barrier::CallSide;

/// The side and the number of the call that a step is. Step 1 is before the first call, step 2 after it.
fn boundary(step: usize) -> (usize, CallSide) {
    (step.div_ceil(2), if step.is_multiple_of(2) { CallSide::After } else { CallSide::Before })
}

impl TestCloud {
    /// Runs some work and drops it at a boundary of a call, as a process that dies there. Returns `None` where it died, and the
    /// outcome where the work has fewer calls. A test that begins at step 1 and ends at the first outcome has tried all
    /// boundaries. Nothing else may call the services meanwhile.
    pub fn run_until_crash<T>(
        &self,
        step: usize,
        work: impl Future<Output = T>,
    ) -> impl Future<Output = Option<T>> {
        let (number, side) = boundary(step);
        let held = self.emulator.call_barrier().hold(number, side);
        // boxed, because the future of a function is large
        let work = Box::pin(work);
        async move {
            tokio::select! {
                biased;
                () = held.reached() => None,
                done = work => Some(done),
            }
        }
    }

    /// Runs some work, and other work while the first is held at a boundary of a call. Says whether the first got there.
    pub fn run_interleaved<T>(
        &self,
        step: usize,
        work: impl Future<Output = T>,
        other: impl Future,
    ) -> impl Future<Output = (T, bool)> {
        let (number, side) = boundary(step);
        let held = self.emulator.call_barrier().hold(number, side);
        let mut work = Box::pin(work);
        let other = Box::pin(other);
        async move {
            tokio::select! {
                biased;
                () = held.reached() => {}
                done = &mut work => return (done, false),
            }
            other.await;
            held.resume();
            (work.await, true)
        }
    }
}
