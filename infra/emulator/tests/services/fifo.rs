use std::time::Duration;

use aws_sdk_sqs::error::ProvideErrorMetadata;
use emulator::{QueueDepth, QueueSpec};

use crate::world::{EmulatorWorld, bodies, fifo_queue, with_dead_letter_queue};

const NO_WAIT: Duration = Duration::ZERO;

#[tokio::test]
async fn a_deduplication_id_is_accepted_once_in_five_minutes() {
    let world = EmulatorWorld::with_queues([fifo_queue("ticks.fifo")]).start().await;
    let sqs = world.sqs();
    let queues = world.emulator.sqs();
    let send = |body: &str, group: &str| {
        let send = sqs.send_message().queue_url(queues.url("ticks.fifo")).message_body(body);
        send.message_group_id(group).message_deduplication_id("slide/1").send()
    };
    let first = send("first", "a").await.unwrap();
    let second = send("second", "b").await.unwrap();
    assert_eq!(second.sequence_number(), first.sequence_number());
    assert_eq!(second.message_id(), first.message_id());
    // the checksum is that of the sent body, because the SDKs compare it
    assert_ne!(second.md5_of_message_body(), first.md5_of_message_body());

    // the id stays used after the first message is deleted
    let received = queues.receive("ticks.fifo", 10, NO_WAIT).await;
    assert_eq!(bodies(&received), ["first"]);
    queues.delete("ticks.fifo", &received[0].receipt_handle);
    world.advance(Duration::from_millis(299_999));
    send("third", "a").await.unwrap();
    assert_eq!(queues.depth("ticks.fifo"), QueueDepth::default());

    world.advance(Duration::from_millis(1));
    let fourth = send("fourth", "a").await.unwrap();
    assert!(fourth.sequence_number() > first.sequence_number());
    assert_eq!(bodies(&queues.receive("ticks.fifo", 10, NO_WAIT).await), ["fourth"]);
}

#[tokio::test]
async fn deduplication_can_be_scoped_to_the_group() {
    let per_group = QueueSpec { deduplicate_per_group: true, ..fifo_queue("ticks.fifo") };
    let world = EmulatorWorld::with_queues([per_group]).start().await;
    let queues = world.emulator.sqs();
    for group in ["a", "b", "a"] {
        queues.send("ticks.fifo", group, Some(group), Some("1"), NO_WAIT);
    }
    assert_eq!(bodies(&queues.receive("ticks.fifo", 10, NO_WAIT).await), ["a", "b"]);
}

#[tokio::test]
async fn content_based_deduplication_hashes_the_body() {
    let by_content = QueueSpec { content_based_deduplication: true, ..fifo_queue("content.fifo") };
    let world = EmulatorWorld::with_queues([by_content, fifo_queue("plain.fifo")]).start().await;
    let sqs = world.sqs();
    let queues = world.emulator.sqs();
    let send = |queue: &str, body: &str| {
        sqs.send_message().queue_url(queues.url(queue)).message_body(body).message_group_id("g").send()
    };
    for body in ["same", "same", "other"] {
        send("content.fifo", body).await.unwrap();
    }
    assert_eq!(bodies(&queues.receive("content.fifo", 10, NO_WAIT).await), ["same", "other"]);
    let error = send("plain.fifo", "same").await.unwrap_err().into_service_error();
    assert_eq!(error.code(), Some("InvalidParameterValue"), "{error:?}");
}

#[tokio::test]
async fn a_message_group_is_ordered_and_blocks_while_in_flight() {
    let world = EmulatorWorld::with_queues([fifo_queue("jobs.fifo")]).start().await;
    let queues = world.emulator.sqs();
    for (body, group) in [("a1", "a"), ("a2", "a"), ("a3", "a"), ("b1", "b")] {
        queues.send("jobs.fifo", body, Some(group), None, NO_WAIT);
    }
    let batch = queues.receive("jobs.fifo", 2, NO_WAIT).await;
    assert_eq!(bodies(&batch), ["a1", "a2"]);
    let other = queues.receive("jobs.fifo", 10, NO_WAIT).await;
    assert_eq!(bodies(&other), ["b1"]);

    // the second message is in flight, so the third must wait
    queues.delete("jobs.fifo", &batch[0].receipt_handle);
    assert!(queues.receive("jobs.fifo", 10, NO_WAIT).await.is_empty());
    queues.change_visibility("jobs.fifo", &batch[1].receipt_handle, NO_WAIT);
    assert_eq!(bodies(&queues.receive("jobs.fifo", 10, NO_WAIT).await), ["a2", "a3"]);
    world.advance(Duration::from_secs(30));
    assert_eq!(bodies(&queues.receive("jobs.fifo", 10, NO_WAIT).await), ["a2", "a3", "b1"]);
}

#[tokio::test]
async fn a_waiting_consumer_receives_the_next_message_of_a_group() {
    let world = EmulatorWorld::with_queues([fifo_queue("jobs.fifo")]).start().await;
    let queues = world.emulator.sqs();
    queues.send("jobs.fifo", "1", Some("g"), None, NO_WAIT);
    queues.send("jobs.fifo", "2", Some("g"), None, NO_WAIT);
    let first = queues.receive("jobs.fifo", 1, NO_WAIT).await.remove(0);
    let waiting = tokio::spawn({
        let queues = queues.clone();
        async move { queues.receive("jobs.fifo", 1, Duration::from_mins(1)).await }
    });
    tokio::task::yield_now().await;
    queues.delete("jobs.fifo", &first.receipt_handle);
    let second = tokio::time::timeout(Duration::from_secs(20), waiting).await.unwrap().unwrap();
    assert_eq!(bodies(&second), ["2"]);
}

#[tokio::test]
async fn a_dead_letter_unblocks_its_group() {
    let world = EmulatorWorld::with_queues(with_dead_letter_queue(fifo_queue("jobs.fifo"), "dead.fifo", 1))
        .start()
        .await;
    let queues = world.emulator.sqs();
    queues.send("jobs.fifo", "poison", Some("g"), None, NO_WAIT);
    queues.send("jobs.fifo", "good", Some("g"), None, NO_WAIT);
    assert_eq!(bodies(&queues.receive("jobs.fifo", 1, NO_WAIT).await), ["poison"]);
    world.advance(Duration::from_secs(30));
    assert_eq!(bodies(&queues.receive("jobs.fifo", 1, NO_WAIT).await), ["good"]);
    assert_eq!(bodies(&queues.peek("dead.fifo")), ["poison"]);
    assert_eq!(queues.redrive("dead.fifo"), 1);
    world.advance(Duration::from_secs(30));
    // the other message has used its only receive too
    assert_eq!(bodies(&queues.receive("jobs.fifo", 10, NO_WAIT).await), ["poison"]);
    assert_eq!(bodies(&queues.peek("dead.fifo")), ["good"]);
}

#[tokio::test]
async fn invalid_fifo_messages_are_refused() {
    let world = EmulatorWorld::with_queues([fifo_queue("jobs.fifo")]).start().await;
    let sqs = world.sqs();
    let send = || {
        let send = sqs.send_message().queue_url(world.emulator.sqs().url("jobs.fifo"));
        send.message_body("x").message_deduplication_id("1")
    };
    let error = send().send().await.unwrap_err().into_service_error();
    assert_eq!(error.code(), Some("MissingParameter"), "{error:?}");
    assert!(error.message().unwrap().contains("MessageGroupId"), "{error:?}");
    let delayed =
        send().message_group_id("g").delay_seconds(1).send().await.unwrap_err().into_service_error();
    assert!(delayed.message().unwrap().contains("DelaySeconds"), "{delayed:?}");
}

#[tokio::test]
async fn a_receipt_handle_of_a_fifo_queue_expires() {
    let world = EmulatorWorld::with_queues([fifo_queue("jobs.fifo")]).start().await;
    let sqs = world.sqs();
    let queues = world.emulator.sqs();
    queues.send("jobs.fifo", "1", Some("g"), None, NO_WAIT);
    let received = queues.receive("jobs.fifo", 1, NO_WAIT).await.remove(0);
    world.advance(Duration::from_secs(30));
    let delete =
        sqs.delete_message().queue_url(queues.url("jobs.fifo")).receipt_handle(&received.receipt_handle);
    let error = delete.send().await.unwrap_err().into_service_error();
    assert!(error.message().unwrap().contains("expired"), "{error:?}");
    assert_eq!(queues.depth("jobs.fifo").visible, 1);
}
