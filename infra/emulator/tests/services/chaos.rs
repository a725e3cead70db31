use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use aws_sdk_dynamodb::{
    config::retry::RetryConfig,
    error::ProvideErrorMetadata,
    types::{AttributeValue, Put, TransactWriteItem},
};
use emulator::{Chaos, QueueDepth};

use crate::world::{EmulatorWorld, fifo_queue, standard_queue, with_dead_letter_queue};

const NO_WAIT: Duration = Duration::ZERO;

/// All rates are zero. A test raises the rate of one fault.
fn no_chaos() -> Chaos {
    Chaos {
        duplicate: 0.0,
        delay: 0.0,
        reorder: 0.0,
        throttle: 0.0,
        drop_disconnect: 0.0,
        cut_socket: 0.0,
        ..Chaos::from_seed(42)
    }
}

#[tokio::test]
async fn throttling_is_retried_by_the_sdk_and_loses_nothing() {
    let world =
        EmulatorWorld::with_queues([]).with_chaos(Chaos { throttle: 0.3, ..no_chaos() }).start().await;
    let dynamodb = world.dynamodb();
    let add = || {
        let update = dynamodb.update_item().table_name("things").key("pk", AttributeValue::S("p".into()));
        let update = update.key("sk", AttributeValue::S("count".into())).update_expression("ADD n :one");
        update.expression_attribute_values(":one", AttributeValue::N("1".into())).send()
    };
    for _ in 0..100 {
        add().await.unwrap();
    }
    let get = dynamodb.get_item().table_name("things").key("pk", AttributeValue::S("p".into()));
    let item = get.key("sk", AttributeValue::S("count".into())).send().await.unwrap().item.unwrap();
    assert_eq!(item["n"], AttributeValue::N("100".into()), "a refused request was executed");

    let impatient = dynamodb.config().to_builder().retry_config(RetryConfig::disabled()).build();
    let impatient = aws_sdk_dynamodb::Client::from_conf(impatient);
    let mut codes = HashSet::new();
    for _ in 0..100 {
        if let Err(error) = impatient.list_tables().send().await {
            codes.insert(error.into_service_error().code().unwrap().to_owned());
        }
    }
    assert_eq!(
        codes,
        ["ThrottlingException", "ProvisionedThroughputExceededException"].map(str::to_owned).into()
    );
}

#[tokio::test]
async fn chaos_makes_transactions_conflict() {
    let world =
        EmulatorWorld::with_queues([]).with_chaos(Chaos { throttle: 0.3, ..no_chaos() }).start().await;
    let mut conflicts = 0;
    for n in 0..40 {
        let put = |sk: String| {
            let put = Put::builder().table_name("things").item("pk", AttributeValue::S("p".into()));
            TransactWriteItem::builder().put(put.item("sk", AttributeValue::S(sk)).build().unwrap()).build()
        };
        let write = world.dynamodb().transact_write_items();
        let Err(error) =
            write.transact_items(put(format!("{n}a"))).transact_items(put(format!("{n}b"))).send().await
        else {
            continue;
        };
        let error = error.into_service_error();
        let aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError::TransactionCanceledException(
            cancelled,
        ) = error
        else {
            panic!("{error:?}")
        };
        let codes: Vec<_> =
            cancelled.cancellation_reasons().iter().map(|reason| reason.code().unwrap()).collect();
        assert_eq!(codes, ["TransactionConflict", "None"]);
        conflicts += 1;
    }
    assert!((4..25).contains(&conflicts), "{conflicts} of 40 at 30 %");
    let rows = world.dynamodb().scan().table_name("things").send().await.unwrap().count();
    assert_eq!(rows, 2 * (40 - conflicts));
}

/// Receives and deletes until the queue is empty. Returns the bodies in order, and how often each was received.
async fn drain(world: &EmulatorWorld, queue: &str) -> (Vec<String>, HashMap<String, usize>) {
    let queues = world.emulator.sqs();
    let mut order = Vec::new();
    let mut counts = HashMap::new();
    while queues.depth(queue) != QueueDepth::default() {
        for message in queues.receive(queue, 10, NO_WAIT).await {
            *counts.entry(message.body.clone()).or_default() += 1;
            order.push(message.body.clone());
            queues.delete(queue, &message.receipt_handle);
        }
        world.advance(Duration::from_millis(50));
    }
    (order, counts)
}

#[tokio::test]
async fn a_standard_queue_delivers_some_messages_twice() {
    let jobs = with_dead_letter_queue(standard_queue("jobs"), "dead", 1);
    let world =
        EmulatorWorld::with_queues(jobs).with_chaos(Chaos { duplicate: 0.3, ..no_chaos() }).start().await;
    for n in 0..100 {
        world.emulator.sqs().send("jobs", &n.to_string(), None, None, NO_WAIT);
    }
    let (order, counts) = drain(&world, "jobs").await;
    assert_eq!(counts.len(), 100);
    assert!(counts.values().all(|count| *count <= 2));
    assert!((110..150).contains(&order.len()), "{} deliveries of 100", order.len());
    assert_eq!(world.emulator.sqs().depth("dead"), QueueDepth::default());
}

#[tokio::test]
async fn a_failed_duplicate_is_not_a_dead_letter() {
    let jobs = with_dead_letter_queue(standard_queue("jobs"), "dead", 1);
    let world = EmulatorWorld::with_queues(jobs)
        .with_chaos(Chaos { duplicate: 1.0, max_delay: NO_WAIT, ..no_chaos() })
        .start()
        .await;
    let queues = world.emulator.sqs();
    queues.send("jobs", "a", None, None, NO_WAIT);
    let first = queues.receive("jobs", 10, NO_WAIT).await.remove(0);
    let second = queues.receive("jobs", 10, NO_WAIT).await.remove(0);
    assert_eq!((&second.message_id, queues.depth("jobs").in_flight), (&first.message_id, 2));
    queues.delete("jobs", &first.receipt_handle);
    world.advance(Duration::from_secs(30));
    assert_eq!((queues.depth("jobs"), queues.depth("dead")), Default::default());
}

#[tokio::test]
async fn a_fifo_queue_redelivers_in_order() {
    let jobs = with_dead_letter_queue(fifo_queue("jobs.fifo"), "dead.fifo", 1);
    let world = EmulatorWorld::with_queues(jobs)
        .with_chaos(Chaos { duplicate: 0.3, delay: 1.0, reorder: 1.0, ..no_chaos() })
        .start()
        .await;
    for n in 0..100 {
        world.emulator.sqs().send("jobs.fifo", &format!("{n:03}"), Some("g"), None, NO_WAIT);
    }
    let queues = world.emulator.sqs();
    let mut order = Vec::new();
    while let [message] = &queues.receive("jobs.fifo", 1, NO_WAIT).await[..] {
        order.push(message.body.clone());
        queues.delete("jobs.fifo", &message.receipt_handle);
    }
    assert!((110..150).contains(&order.len()), "{} deliveries of 100", order.len());
    assert!(order.is_sorted(), "{order:?}");
    order.dedup();
    assert_eq!(order.len(), 100);
    assert_eq!(queues.depth("dead.fifo"), QueueDepth::default());
}

#[tokio::test]
async fn a_standard_queue_delays_and_reorders() {
    let world = EmulatorWorld::with_queues([standard_queue("jobs")])
        .with_chaos(Chaos { delay: 0.5, reorder: 0.5, ..no_chaos() })
        .start()
        .await;
    for n in 0..60 {
        world.emulator.sqs().send("jobs", &format!("{n:02}"), None, None, NO_WAIT);
    }
    let depth = world.emulator.sqs().depth("jobs");
    assert!(depth.delayed > 10 && depth.visible > 10, "{depth:?}");
    let (order, counts) = drain(&world, "jobs").await;
    assert_eq!((order.len(), counts.len()), (60, 60));
    assert!(!order.is_sorted());
}

#[tokio::test]
async fn the_same_seed_repeats_the_same_faults() {
    let mut runs = Vec::new();
    for _ in 0..2 {
        let world = EmulatorWorld::with_queues([standard_queue("jobs")])
            .with_chaos(Chaos::from_seed(7))
            .start()
            .await;
        for n in 0..50 {
            world.emulator.sqs().send("jobs", &n.to_string(), None, None, NO_WAIT);
        }
        runs.push(drain(&world, "jobs").await.0);
    }
    assert_eq!(runs[0], runs[1]);
}
