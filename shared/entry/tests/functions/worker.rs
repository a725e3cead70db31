use std::sync::{Arc, Mutex};

use entry::worker::{self, JobTable, handler};
use lambda_runtime::Context;
use model::Error;
use protocol::{Job, job::Queue};
use serde::{Deserialize, Serialize};
use testkit::{fifo_sqs_event, job_body};

use crate::world::EntryWorld;

/// A job that records that it ran.
#[derive(Clone, Serialize, Deserialize)]
struct Step {
    name: String,
}

impl Job for Step {
    const NAME: &'static str = "step.v1";
    const QUEUE: Queue = Queue::Ticks;
}

/// Messages of one group run in order. A failure stops its group and no other.
#[tokio::test]
async fn a_failure_stops_the_rest_of_its_group() {
    let world = EntryWorld::start().await;
    let ran = Arc::<Mutex<Vec<String>>>::default();
    let log = Arc::clone(&ran);
    let jobs = JobTable::new([handler(move |_, step: Step| {
        let log = Arc::clone(&log);
        async move {
            log.lock().unwrap().push(step.name.clone());
            if step.name == "a-2" { Err(Error::internal("it fails")) } else { Ok(()) }
        }
    })]);
    let function = worker::function(world.app.clone(), jobs);
    let body = |name: &str| job_body(&Step { name: name.into() }, world.now(), None);
    let messages = [("a", "a-1"), ("b", "b-1"), ("a", "a-2"), ("a", "a-3"), ("b", "b-2"), ("c", "c-1")];
    let event = fifo_sqs_event(messages.map(|(group, job)| (group, body(job))));
    let response = function.call(event, Context::default()).await.unwrap();

    // message-2 is a-2, which failed, and message-3 is a-3, which must not run before it
    let mut failed: Vec<&str> = response["batchItemFailures"]
        .as_array()
        .unwrap()
        .iter()
        .map(|failure| failure["itemIdentifier"].as_str().unwrap())
        .collect();
    failed.sort_unstable();
    assert_eq!(failed, ["message-2", "message-3"]);
    let ran = ran.lock().unwrap().clone();
    let group = |name: &str| ran.iter().filter(|job| job.starts_with(name)).cloned().collect::<Vec<_>>();
    assert_eq!(group("a"), ["a-1", "a-2"], "a-3 waits for a-2");
    assert_eq!(group("b"), ["b-1", "b-2"]);
    assert_eq!(group("c"), ["c-1"]);
}
