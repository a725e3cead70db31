//! Disturbs a chosen call to the services: holds it, so that a test can let its caller die there or let something else happen in
//! between, or makes it fail, lose its response or take longer.
//!
//! Calls are counted where they arrive. The count does not depend on how a socket or an executor splits the work, so that a test
//! reaches every boundary between two calls, in every run. A call is what the product calls a call: the attempts that an SDK makes
//! of it have one invocation id and are counted once.
//!
//! `testkit::sweep_calls` disturbs every call of some work in turn. `testkit::TestCloud::run_until_crash` and `run_interleaved` hold one.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    body::{Body, Bytes},
    response::Response,
};
use http::{HeaderMap, StatusCode};
use tokio::sync::{Notify, watch};

use crate::aws_response;

/// The header by which the AWS SDKs mark all attempts of one call.
const INVOCATION_ID: &str = "amz-sdk-invocation-id";

/// On which side of a call the caller is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallSide {
    /// The service has not seen the call.
    Before,
    /// The service has carried out the call, but its response is not sent.
    After,
}

/// What goes wrong with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallFault {
    /// The service throttles every attempt of the call, and carries out none.
    Throttle,
    /// Every attempt of the call gets the status 500, and none is carried out.
    InternalError,
    /// The service carries out the first attempt, and the connection is cut before the response. The SDK sends the call again.
    LoseResponse,
    /// The first attempt waits for this long before it is carried out.
    Delay(Duration),
}

/// The barrier of one emulator. Clones are the same barrier.
#[derive(Clone, Default)]
pub struct CallBarrier(Arc<Mutex<Option<Arc<Plan>>>>);

/// The plan for the calls from its creation on.
struct Plan {
    /// The call to disturb, counted from 1.
    number: usize,
    disturbance: Disturbance,
    calls: Mutex<CountedCalls>,
    is_reached: Notify,
    end: watch::Sender<Option<HoldEnd>>,
}

#[derive(Clone, Copy)]
enum Disturbance {
    None,
    Hold(CallSide),
    Fault(CallFault),
}

#[derive(Default)]
struct CountedCalls {
    count: usize,
    /// The number of each call, and how many of its attempts have arrived.
    by_invocation: HashMap<String, (usize, usize)>,
}

#[derive(Clone, Copy)]
enum HoldEnd {
    Resumed,
    Abandoned,
}

impl CallBarrier {
    /// Holds the `number`-th call from now on, counted from 1. All other calls pass.
    pub fn hold(&self, number: usize, side: CallSide) -> PlannedCall {
        self.plan(number, Disturbance::Hold(side))
    }

    /// Makes the `number`-th call from now on go wrong, counted from 1. All other calls pass.
    pub fn fail(&self, number: usize, fault: CallFault) -> PlannedCall {
        self.plan(number, Disturbance::Fault(fault))
    }

    /// Counts the calls from now on. All of them pass.
    pub fn count(&self) -> PlannedCall {
        self.plan(usize::MAX, Disturbance::None)
    }

    fn plan(&self, number: usize, disturbance: Disturbance) -> PlannedCall {
        let plan = Arc::new(Plan {
            number,
            disturbance,
            calls: Mutex::default(),
            is_reached: Notify::new(),
            end: watch::Sender::new(None),
        });
        *self.current() = Some(Arc::clone(&plan));
        PlannedCall { barrier: self.clone(), plan }
    }

    /// Carries out an attempt of a call as the plan says.
    pub(crate) async fn pass(
        &self,
        invocation: Option<String>,
        call: impl Future<Output = Response>,
    ) -> Response {
        let Some(plan) = self.current().clone() else { return call.await };
        let Some(attempt) = plan.count_attempt(invocation) else { return call.await };
        let is_first = attempt == 1;
        match plan.disturbance {
            Disturbance::Hold(CallSide::Before) if is_first => match plan.wait_for_end().await {
                Some(()) => call.await,
                None => cut_response(),
            },
            Disturbance::Hold(CallSide::After) if is_first => {
                let response = call.await;
                plan.wait_for_end().await.map_or_else(cut_response, |()| response)
            }
            Disturbance::Fault(CallFault::Throttle) => throttled_response(),
            Disturbance::Fault(CallFault::InternalError) => {
                let message = "a test lets this call fail";
                aws_response::rest_error(StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError", message)
            }
            Disturbance::Fault(CallFault::LoseResponse) if is_first => {
                call.await;
                cut_response()
            }
            Disturbance::Fault(CallFault::Delay(delay)) if is_first => {
                tokio::time::sleep(delay).await;
                call.await
            }
            Disturbance::None | Disturbance::Hold(_) | Disturbance::Fault(_) => call.await,
        }
    }

    fn current(&self) -> MutexGuard<'_, Option<Arc<Plan>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the invocation id of a request. A request of no SDK has none, and is a call of its own.
pub(crate) fn invocation_id(headers: &HeaderMap) -> Option<String> {
    Some(headers.get(INVOCATION_ID)?.to_str().ok()?.to_owned())
}

/// A response that ends before its body. The client sees a broken connection.
fn cut_response() -> Response {
    let cut = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
    Response::new(Body::from_stream(futures::stream::iter([Err::<Bytes, _>(cut)])))
}

/// The status of all services but DynamoDB. The SDK of DynamoDB reads only the type.
fn throttled_response() -> Response {
    aws_response::rest_error(
        StatusCode::TOO_MANY_REQUESTS,
        "ThrottlingException",
        "a test throttles this call",
    )
}

impl Plan {
    fn calls(&self) -> MutexGuard<'_, CountedCalls> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts an attempt. If it is one of the planned call, returns its number among the attempts of this call.
    fn count_attempt(&self, invocation: Option<String>) -> Option<usize> {
        let mut calls = self.calls();
        let next = calls.count + 1;
        let (number, attempt) = match invocation {
            Some(invocation) => {
                let (number, attempts) = calls.by_invocation.entry(invocation).or_insert((next, 0));
                *attempts += 1;
                (*number, *attempts)
            }
            None => (next, 1),
        };
        calls.count = calls.count.max(number);
        drop(calls);
        (number == self.number).then_some(attempt)
    }

    async fn wait_for_end(&self) -> Option<()> {
        self.is_reached.notify_one();
        let mut end = self.end.subscribe();
        let end = end.wait_for(Option::is_some).await.ok()?;
        matches!(*end, Some(HoldEnd::Resumed)).then_some(())
    }
}

/// A call that is or will be disturbed. Dropping this ends the plan and abandons a caller that is held.
pub struct PlannedCall {
    barrier: CallBarrier,
    plan: Arc<Plan>,
}

impl PlannedCall {
    /// Waits until the call is held.
    pub async fn reached(&self) {
        self.plan.is_reached.notified().await;
    }

    /// Returns whether the call has arrived.
    pub fn is_reached(&self) -> bool {
        self.calls() >= self.plan.number
    }

    /// Returns the number of calls that have arrived.
    pub fn calls(&self) -> usize {
        self.plan.calls().count
    }

    /// Lets a held call go on.
    pub fn resume(&self) {
        self.plan.end.send_replace(Some(HoldEnd::Resumed));
    }
}

impl Drop for PlannedCall {
    fn drop(&mut self) {
        self.plan.end.send_if_modified(|end| {
            let is_open = end.is_none();
            end.get_or_insert(HoldEnd::Abandoned);
            is_open
        });
        self.barrier.current().take_if(|current| Arc::ptr_eq(current, &self.plan));
    }
}
