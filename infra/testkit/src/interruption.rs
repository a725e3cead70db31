//! Simulates a crash or a concurrent process at a chosen call to the services.

use std::future::Future;

use emulator::call_barrier::CallSide;

use crate::TestCloud;

/// Returns the number of the call and the side of a step. Step 1 is before the first call, and step 2 after it.
fn boundary(step: usize) -> (usize, CallSide) {
    (step.div_ceil(2), if step.is_multiple_of(2) { CallSide::After } else { CallSide::Before })
}

impl TestCloud {
    /// Runs some work and drops it at a boundary of a call, as a crashing process does. Returns `None` after a crash, and the
    /// outcome if the work has fewer calls. A test that begins at step 1 and ends at the first outcome has tried all
    /// boundaries. No other work may call the services concurrently.
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

    /// Runs some work, and other work while the first is held at a boundary of a call. Returns the outcome of the first, and
    /// whether it reached the boundary.
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
