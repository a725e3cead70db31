//! The cost of operations in requests and capacity units, as DynamoDB reports it.
//!
//! Every call of this crate asks for `ReturnConsumedCapacity`, which is free, and adds the result to each [`measure`]
//! around it.

use std::{cell::RefCell, future::Future, ops::AddAssign};

use aws_sdk_dynamodb::types::ConsumedCapacity;
use serde::{Deserialize, Serialize};

/// Requests and capacity units. A read unit covers 4 KB, and an eventually consistent read costs half of it. A write
/// unit covers 1 KB. Transactions cost twice as much.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RequestCost {
    pub requests: u32,
    pub read_units: f64,
    pub write_units: f64,
}

impl AddAssign for RequestCost {
    fn add_assign(&mut self, other: Self) {
        self.requests += other.requests;
        self.read_units += other.read_units;
        self.write_units += other.write_units;
    }
}

tokio::task_local! {
    static METER: RefCell<RequestCost>;
}

/// Runs a future and returns the cost of its calls of the store. An outer `measure` counts them too. Calls on spawned
/// tasks are not counted.
pub async fn measure<F: Future>(future: F) -> (F::Output, RequestCost) {
    let (output, cost) = METER
        .scope(RefCell::default(), async {
            let output = future.await;
            (output, METER.with(|meter| *meter.borrow()))
        })
        .await;
    let _ = METER.try_with(|outer| *outer.borrow_mut() += cost);
    (output, cost)
}

pub(crate) enum CapacityKind {
    Read,
    Write,
}

pub(crate) fn record<'a>(direction: &CapacityKind, consumed: impl IntoIterator<Item = &'a ConsumedCapacity>) {
    let units = consumed.into_iter().filter_map(ConsumedCapacity::capacity_units).sum();
    let cost = match direction {
        CapacityKind::Read => RequestCost { requests: 1, read_units: units, write_units: 0.0 },
        CapacityKind::Write => RequestCost { requests: 1, read_units: 0.0, write_units: units },
    };
    // Without `measure` around it, as in a test of one function, there is no meter to add to.
    let _ = METER.try_with(|meter| *meter.borrow_mut() += cost);
}
