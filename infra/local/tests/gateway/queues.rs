//! Event-source mappings and schedules.

use std::time::Duration;

use serde_json::{Value, json};

use crate::stack::TestStack;

/// The bodies of each batch from one queue.
fn received_batches(stack: &TestStack, queue: &str) -> Vec<Vec<String>> {
    let records = |event: &Value| {
        let records = event["Records"].as_array()?.clone();
        let from = records.first()?["eventSourceARN"].as_str()?.ends_with(queue);
        from.then(|| records.iter().map(|record| record["body"].as_str().unwrap().to_owned()).collect())
    };
    stack.seen.all().iter().filter_map(records).collect()
}

#[tokio::test]
async fn a_message_reaches_its_function_as_an_sqs_event() {
    let stack = TestStack::start().await;
    let queues = stack.local.emulator().sqs();
    let id = queues.send("Groups.fifo", "hello", Some("g"), None, Duration::ZERO);
    stack.local.wait_until_idle().await;
    let event = stack.seen.wait_for(|event| event["Records"].is_array()).await;
    let record = &event["Records"][0];
    assert_eq!((&record["messageId"], &record["body"]), (&json!(id), &json!("hello")));
    assert_eq!((&record["eventSource"], &record["awsRegion"]), (&json!("aws:sqs"), &json!("us-east-1")));
    assert_eq!(record["eventSourceARN"], "arn:aws:sqs:us-east-1:000000000000:Groups.fifo");
    assert_eq!(record["md5OfBody"], "5d41402abc4b2a76b9719d911017c592");
    assert_eq!(record["attributes"]["MessageGroupId"], "g");
    let typed: aws_lambda_events::sqs::SqsEvent = serde_json::from_value(event).unwrap();
    assert_eq!(typed.records.len(), 1);
}

#[tokio::test]
async fn failed_messages_are_redelivered_until_they_are_dead_letters() {
    let stack = TestStack::start().await;
    let queues = stack.local.emulator().sqs();
    for body in ["good", "fail", "better"] {
        queues.send("Jobs", body, None, None, Duration::ZERO);
    }
    stack.local.wait_until_idle().await;
    let seen: Vec<String> = received_batches(&stack, ":Jobs").into_iter().flatten().collect();
    let count = |body: &str| seen.iter().filter(|seen| *seen == body).count();
    assert_eq!((count("good"), count("better"), count("fail")), (1, 1, 2), "{seen:?}");
    let dead = queues.peek("Dead");
    assert_eq!(dead.len(), 1);
    assert_eq!(dead[0].body, "fail");
}

#[tokio::test]
async fn a_thrown_error_fails_the_batch() {
    let stack = TestStack::start().await;
    let queues = stack.local.emulator().sqs();
    queues.send("Jobs", "throw", None, None, Duration::ZERO);
    stack.local.wait_until_idle().await;
    assert_eq!(received_batches(&stack, ":Jobs").len(), 2);
    assert_eq!(queues.depth("Dead").visible, 1);
}

#[tokio::test]
async fn the_batching_window_collects_messages() {
    let stack = TestStack::start().await;
    let queues = stack.local.emulator().sqs();
    for body in ["1", "2", "3"] {
        queues.send("Windowed", body, None, None, Duration::ZERO);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    stack.local.wait_until_idle().await;
    let batches = received_batches(&stack, ":Windowed");
    assert_eq!(batches.len(), 1, "{batches:?}");
    assert_eq!(batches[0].len(), 3);
}

#[tokio::test]
async fn message_groups_are_ordered_and_run_concurrently() {
    let stack = TestStack::start().await;
    let queues = stack.local.emulator().sqs();
    for number in 0..5 {
        for group in ["a", "b", "c", "d"] {
            queues.send("Groups.fifo", &format!("{group}{number}"), Some(group), None, Duration::ZERO);
        }
    }
    stack.local.wait_until_idle().await;
    let seen: Vec<String> = received_batches(&stack, ":Groups.fifo").into_iter().flatten().collect();
    assert_eq!(seen.len(), 20);
    for group in ["a", "b", "c", "d"] {
        let own: Vec<&String> = seen.iter().filter(|body| body.starts_with(group)).collect();
        assert!(own.is_sorted(), "{own:?}");
    }
    let last_start = seen.iter().position(|body| body == "d0").unwrap();
    let first_end = seen.iter().position(|body| body == "a4").unwrap();
    assert!(last_start < first_end, "a group waited for another group: {seen:?}");
}

#[tokio::test]
async fn schedules_send_the_schedulers_event() {
    let stack = TestStack::start().await;
    stack.local.run_schedules().await;
    let event = stack.seen.wait_for(|event| event["source"] == "aws.scheduler").await;
    assert_eq!((&event["detail-type"], &event["detail"]), (&json!("Scheduled Event"), &json!("{}")));
    assert!(event["time"].as_str().unwrap().ends_with('Z'));
}
