//! The jobs of `protocol::job` against the tables of the workers, and the queues of `template.yaml`.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use protocol::job::{self, Queue};

use super::parsed_template::{parsed_template, resources_of_type};
use crate::world::repository;

/// The jobs that each worker runs, by the logical id of its function.
fn jobs_of_workers() -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    let tables: [(&str, Vec<&str>); 5] = [
        ("WorkerAnswers", sessions::assistant::jobs().names().collect()),
        ("WorkerBroadcast", sockets::worker::jobs().names().collect()),
        ("WorkerChat", chat::worker::jobs().names().collect()),
        ("WorkerMail", mail::jobs().names().collect()),
        ("WorkerSessions", sessions::worker::jobs().names().collect()),
    ];
    tables
        .into_iter()
        .map(|(worker, names)| {
            let unique: BTreeSet<_> = names.iter().copied().collect();
            assert_eq!(unique.len(), names.len(), "{worker} lists a job twice: {names:?}");
            (worker, unique)
        })
        .collect()
}

/// The worker that receives the messages of each queue, by the template.
fn worker_of_each_queue() -> BTreeMap<String, String> {
    let mut workers = BTreeMap::new();
    for (name, function) in resources_of_type("AWS::Serverless::Function") {
        let events = function["Properties"]["Events"].as_object().into_iter().flatten();
        for (_, event) in events.filter(|(_, event)| event["Type"] == "SQS") {
            let queue = event["Properties"]["Queue"]["!GetAtt"].as_str().unwrap().replace(".Arn", "");
            assert!(workers.insert(queue.clone(), name.clone()).is_none(), "{queue} has two workers");
        }
    }
    workers
}

/// The logical id of a queue, which is the value of its environment variable.
fn logical_id(queue: Queue) -> String {
    let variables = parsed_template()["Globals"]["Function"]["Environment"]["Variables"].clone();
    variables[queue.env_var()]["!Ref"].as_str().unwrap_or_else(|| panic!("{queue:?}")).to_owned()
}

#[test]
fn every_job_is_listed() {
    let folder = repository().join("shared/protocol/src/job");
    let files = fs::read_dir(folder).unwrap().map(|file| fs::read_to_string(file.unwrap().path()).unwrap());
    let defined: usize = files.map(|source| source.matches("\nimpl Job for ").count()).sum();
    let names: BTreeSet<_> = job::ALL.iter().map(|kind| kind.name).collect();
    assert_eq!(names.len(), job::ALL.len(), "two jobs have one name: {:?}", job::ALL);
    assert_eq!(defined, names.len(), "protocol::job::ALL lists every `impl Job for`");
}

#[test]
fn every_job_has_a_handler_at_each_of_its_queues() {
    let (jobs, workers) = (jobs_of_workers(), worker_of_each_queue());
    let mut expected: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for kind in job::ALL {
        for queue in kind.queues {
            let worker = &workers[&logical_id(*queue)];
            let (worker, _) = jobs.get_key_value(worker.as_str()).expect("a worker with a table");
            expected.entry(worker).or_default().insert(kind.name);
        }
    }
    assert_eq!(jobs, expected, "left: tables of the workers; right: protocol::job::ALL and template.yaml");
}
