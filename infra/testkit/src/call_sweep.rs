//! Disturbs every SDK call of some work in turn. Built on [`CallBarrier`](emulator::CallBarrier), which counts the calls where they arrive.
//!
//! ```ignore
//! let report = sweep_calls(&SweepFault::KILLS, async |probe| {
//!     let world = World::start().await;
//!     let outcome = probe.run(&world.cloud, world.deliver(&job)).await;   // `None` if the work was killed
//!     assert!(world.deliver(&job).await);
//!     assert_eq!(world.rows().await, expected);
//! })
//! .await;
//! ```
//!
//! The scenario is played once undisturbed, which counts the calls of its work, and then once for each call and each fault. The
//! sweep fails if a call is not reached. Calls that the work makes concurrently may arrive in any order, but their number must
//! be the same in every run.

#![expect(clippy::print_stdout, reason = "a sweep says how many boundaries it has tried")]

use std::{cell::Cell, future::Future, time::Duration};

use emulator::call_barrier::{CallFault, CallSide, PlannedCall};

use crate::TestCloud;

/// What happens at a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SweepFault {
    /// The process dies before the service sees the call.
    KillBefore,
    /// The process dies after the service carried out the call.
    KillAfter,
    /// The service throttles all attempts of the call.
    Throttle,
    /// All attempts of the call get the status 500 and have no effect.
    InternalError,
    /// The first attempt has its effect, and its response is lost. The SDK sends the call again.
    LoseResponse,
    /// The call is carried out a little later.
    Delay,
}

/// Long enough for other work on the same machine to come first.
const DELAY: Duration = Duration::from_millis(20);

impl SweepFault {
    /// A crash on both sides of every call.
    pub const KILLS: [Self; 2] = [Self::KillBefore, Self::KillAfter];
    /// Calls without effect. The SDK retries for many seconds unless `AWS_MAX_ATTEMPTS` is 1.
    pub const REFUSALS: [Self; 2] = [Self::Throttle, Self::InternalError];
    pub const ALL: [Self; 6] = [
        Self::KillBefore,
        Self::KillAfter,
        Self::Throttle,
        Self::InternalError,
        Self::LoseResponse,
        Self::Delay,
    ];
}

/// Runs the work of one scenario.
pub struct CallProbe {
    disturbance: Option<(usize, SweepFault)>,
    /// The calls of the work, and whether the disturbed call was reached.
    outcome: Cell<Option<(usize, bool)>>,
}

/// What a sweep has tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SweepReport {
    /// SDK calls of the undisturbed work.
    pub calls: usize,
    /// Calls times faults. Each was reached.
    pub boundaries: usize,
}

impl CallProbe {
    /// The number of the disturbed call and the fault, or `None` in the undisturbed run.
    pub const fn disturbance(&self) -> Option<(usize, SweepFault)> {
        self.disturbance
    }

    /// Runs the work and disturbs one of its calls. Returns `None` if the work was killed. A scenario calls this once, and no other
    /// work may call the services of this cloud concurrently.
    pub async fn run<T>(&self, cloud: &TestCloud, work: impl Future<Output = T>) -> Option<T> {
        assert!(self.outcome.get().is_none(), "a scenario runs its work once");
        let barrier = cloud.emulator.call_barrier();
        let planned = match self.disturbance {
            None => barrier.count(),
            Some((number, SweepFault::KillBefore)) => barrier.hold(number, CallSide::Before),
            Some((number, SweepFault::KillAfter)) => barrier.hold(number, CallSide::After),
            Some((number, SweepFault::Throttle)) => barrier.fail(number, CallFault::Throttle),
            Some((number, SweepFault::InternalError)) => barrier.fail(number, CallFault::InternalError),
            Some((number, SweepFault::LoseResponse)) => barrier.fail(number, CallFault::LoseResponse),
            Some((number, SweepFault::Delay)) => barrier.fail(number, CallFault::Delay(DELAY)),
        };
        // boxed, because the future of a function is large
        let work = Box::pin(work);
        let done = tokio::select! {
            biased;
            () = planned.reached() => None,
            done = work => Some(done),
        };
        self.record(&planned);
        done
    }

    fn record(&self, planned: &PlannedCall) {
        self.outcome.set(Some((planned.calls(), planned.is_reached())));
    }
}

/// Plays a scenario once undisturbed, and once for each SDK call of its work and each fault.
///
/// # Panics
/// Panics if the scenario does, if it runs no work, or if a call is not reached. The message names the call.
pub async fn sweep_calls(faults: &[SweepFault], scenario: impl AsyncFn(&CallProbe)) -> SweepReport {
    let (calls, _) = play(None, &scenario).await;
    assert!(calls > 0, "the work calls no service");
    let mut boundaries = 0;
    for number in 1..=calls {
        for fault in faults.iter().copied() {
            // shown only if the scenario fails
            println!("call {number} of {calls}: {fault:?}");
            let (seen, is_reached) = play(Some((number, fault)), &scenario).await;
            assert!(
                is_reached,
                "call {number} of {calls} was not reached ({fault:?}), only {seen} calls arrived"
            );
            boundaries += 1;
        }
    }
    assert_eq!(boundaries, calls * faults.len());
    SweepReport { calls, boundaries }
}

async fn play(
    disturbance: Option<(usize, SweepFault)>,
    scenario: &impl AsyncFn(&CallProbe),
) -> (usize, bool) {
    let probe = CallProbe { disturbance, outcome: Cell::new(None) };
    scenario(&probe).await;
    probe.outcome.get().unwrap_or_else(|| panic!("the scenario ran no work"))
}
