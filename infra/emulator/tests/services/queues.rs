use std::time::Duration;

use aws_sdk_sqs::{
    error::ProvideErrorMetadata,
    types::{
        DeleteMessageBatchRequestEntry, MessageAttributeValue, MessageSystemAttributeName,
        QueueAttributeName, SendMessageBatchRequestEntry,
    },
};
use emulator::{QueueDepth, QueueSpec};

use crate::world::{EmulatorWorld, bodies, standard_queue, with_dead_letter_queue};

const NO_WAIT: Duration = Duration::ZERO;

#[tokio::test]
async fn messages_keep_their_attributes_and_checksums() {
    let world = EmulatorWorld::with_queues([standard_queue("jobs")]).start().await;
    let sqs = world.sqs();
    let url = world.emulator.sqs().url("jobs");
    let attribute = MessageAttributeValue::builder().data_type("String").string_value("abc").build().unwrap();
    let sent =
        sqs.send_message().queue_url(&url).message_body("hello").message_attributes("trace", attribute);
    let sent = sent.send().await.unwrap();
    assert_eq!(sent.md5_of_message_body(), Some("5d41402abc4b2a76b9719d911017c592"));

    let received = sqs
        .receive_message()
        .queue_url(&url)
        .message_attribute_names("All")
        .message_system_attribute_names(MessageSystemAttributeName::All)
        .send()
        .await
        .unwrap();
    let [message] = received.messages() else { panic!("{received:?}") };
    assert_eq!(message.body(), Some("hello"));
    assert_eq!(message.message_id(), sent.message_id());
    assert_eq!(message.md5_of_message_attributes(), sent.md5_of_message_attributes());
    assert_eq!(message.message_attributes().unwrap()["trace"].string_value(), Some("abc"));
    let attributes = message.attributes().unwrap();
    assert_eq!(attributes[&MessageSystemAttributeName::ApproximateReceiveCount], "1");
    assert_eq!(
        attributes[&MessageSystemAttributeName::SentTimestamp],
        crate::world::START_MILLIS.to_string()
    );

    sqs.delete_message()
        .queue_url(&url)
        .receipt_handle(message.receipt_handle().unwrap())
        .send()
        .await
        .unwrap();
    assert_eq!(world.emulator.sqs().depth("jobs"), QueueDepth::default());
}

#[tokio::test]
async fn message_attributes_have_the_form_of_a_lambda_event() {
    let world = EmulatorWorld::with_queues([standard_queue("jobs")]).start().await;
    let queues = world.emulator.sqs();
    let attribute = MessageAttributeValue::builder().data_type("Number").string_value("7").build().unwrap();
    let message = world.sqs().send_message().queue_url(queues.url("jobs")).message_body("x");
    // computed in Python by the algorithm of the SQS Developer Guide
    let sent = message.message_attributes("n", attribute).send().await.unwrap();
    assert_eq!(sent.md5_of_message_attributes(), Some("3a734e6fc44468814b287b503a526bff"));
    let received = queues.receive("jobs", 1, NO_WAIT).await.remove(0);
    assert_eq!(
        received.message_attributes,
        serde_json::json!({ "n": {
            "dataType": "Number", "stringValue": "7", "stringListValues": [], "binaryListValues": [],
        }})
    );
}

#[tokio::test]
async fn an_undeleted_message_is_redelivered_after_its_visibility_timeout() {
    let world = EmulatorWorld::with_queues([standard_queue("jobs")]).start().await;
    let queues = world.emulator.sqs();
    queues.send("jobs", "a", None, None, NO_WAIT);
    let first = queues.receive("jobs", 10, NO_WAIT).await.remove(0);
    assert_eq!(queues.depth("jobs"), QueueDepth { in_flight: 1, ..QueueDepth::default() });
    world.advance(Duration::from_millis(29_999));
    assert!(queues.receive("jobs", 10, NO_WAIT).await.is_empty());
    world.advance(Duration::from_millis(1));
    let second = queues.receive("jobs", 10, NO_WAIT).await.remove(0);
    assert_eq!(
        (&second.message_id, &*second.attributes["ApproximateReceiveCount"]),
        (&first.message_id, "2")
    );

    // the first consumer is late, and its receipt handle is stale
    queues.delete("jobs", &first.receipt_handle);
    assert_eq!(queues.depth("jobs").in_flight, 1);
    queues.delete("jobs", &second.receipt_handle);
    assert_eq!(queues.depth("jobs"), QueueDepth::default());
}

#[tokio::test]
async fn the_visibility_of_in_flight_messages_can_be_changed() {
    let world = EmulatorWorld::with_queues([standard_queue("jobs")]).start().await;
    let queues = world.emulator.sqs();
    let sqs = world.sqs();
    let url = world.emulator.sqs().url("jobs");
    queues.send("jobs", "a", None, None, NO_WAIT);
    let received = queues.receive("jobs", 1, NO_WAIT).await.remove(0);
    let change = |seconds| {
        let change = sqs.change_message_visibility().queue_url(&url).receipt_handle(&received.receipt_handle);
        change.visibility_timeout(seconds).send()
    };
    change(300).await.unwrap();
    world.advance(Duration::from_secs(299));
    assert!(queues.receive("jobs", 1, NO_WAIT).await.is_empty());
    change(0).await.unwrap();
    let error = change(10).await.unwrap_err().into_service_error();
    assert!(error.is_message_not_inflight(), "{error:?}");
    assert_eq!(bodies(&queues.receive("jobs", 1, NO_WAIT).await), ["a"]);
}

#[tokio::test]
async fn a_delayed_message_becomes_visible_later() {
    let slow = QueueSpec { delay: Duration::from_secs(5), ..standard_queue("slow") };
    let world = EmulatorWorld::with_queues([slow]).start().await;
    let queues = world.emulator.sqs();
    queues.send("slow", "queue's", None, None, NO_WAIT);
    queues.send("slow", "its own", None, None, Duration::from_mins(1));
    assert_eq!(queues.depth("slow"), QueueDepth { delayed: 2, ..QueueDepth::default() });
    world.advance(Duration::from_secs(5));
    assert_eq!(bodies(&queues.receive("slow", 10, NO_WAIT).await), ["queue's"]);
    world.advance(Duration::from_secs(55));
    assert!(bodies(&queues.receive("slow", 10, NO_WAIT).await).contains(&"its own"));
}

#[tokio::test]
async fn a_long_poll_ends_with_the_arrival() {
    let world = EmulatorWorld::with_queues([standard_queue("jobs")]).start().await;
    let queues = world.emulator.sqs();
    let waiting = tokio::spawn({
        let queues = queues.clone();
        async move { queues.receive("jobs", 1, Duration::from_mins(1)).await }
    });
    // the consumer runs until it waits
    tokio::task::yield_now().await;
    queues.send("jobs", "a", None, None, NO_WAIT);
    let received = tokio::time::timeout(Duration::from_secs(20), waiting).await.unwrap().unwrap();
    assert_eq!(bodies(&received), ["a"]);

    let poll = world.sqs().receive_message().queue_url(queues.url("jobs")).wait_time_seconds(20).send();
    let poll = tokio::spawn(poll);
    // the poll gets the message if it starts before the message or after it
    queues.send("jobs", "b", None, None, NO_WAIT);
    assert_eq!(poll.await.unwrap().unwrap().messages()[0].body(), Some("b"));
}

#[tokio::test]
async fn a_waiting_consumer_follows_the_injected_clock() {
    let world = EmulatorWorld::with_queues([standard_queue("jobs")]).start().await;
    let queues = world.emulator.sqs();
    queues.send("jobs", "a", None, None, Duration::from_mins(10));
    let waiting = tokio::spawn({
        let queues = queues.clone();
        async move { queues.receive("jobs", 1, Duration::from_mins(1)).await }
    });
    // the consumer waits before the clock advances
    tokio::task::yield_now().await;
    world.advance(Duration::from_mins(10));
    let received = tokio::time::timeout(Duration::from_secs(20), waiting).await.unwrap().unwrap();
    assert_eq!(bodies(&received), ["a"]);
}

#[tokio::test]
async fn dead_letters_can_be_redriven() {
    let world =
        EmulatorWorld::with_queues(with_dead_letter_queue(standard_queue("jobs"), "dead", 2)).start().await;
    let queues = world.emulator.sqs();
    queues.send("jobs", "poison", None, None, NO_WAIT);
    for count in ["1", "2"] {
        let received = queues.receive("jobs", 1, NO_WAIT).await.remove(0);
        assert_eq!(received.attributes["ApproximateReceiveCount"], count);
        queues.change_visibility("jobs", &received.receipt_handle, NO_WAIT);
    }
    assert!(queues.receive("jobs", 1, NO_WAIT).await.is_empty());
    assert_eq!((queues.depth("jobs"), queues.depth("dead").visible), (QueueDepth::default(), 1));
    let dead = queues.peek("dead").remove(0);
    assert_eq!((&*dead.body, &dead.attributes["DeadLetterQueueSourceArn"]), ("poison", &queues.arn("jobs")));

    assert_eq!(queues.redrive("dead"), 1);
    assert_eq!(queues.depth("dead"), QueueDepth::default());
    let received = queues.receive("jobs", 1, NO_WAIT).await.remove(0);
    assert_eq!((&*received.body, &*received.attributes["ApproximateReceiveCount"]), ("poison", "1"));
}

#[tokio::test]
async fn batch_entries_fail_individually() {
    let world = EmulatorWorld::with_queues([standard_queue("jobs")]).start().await;
    let sqs = world.sqs();
    let queues = world.emulator.sqs();
    let url = queues.url("jobs");
    let entry = |id: &str, body: &str| {
        SendMessageBatchRequestEntry::builder().id(id).message_body(body).build().unwrap()
    };
    let batch = sqs.send_message_batch().queue_url(&url);
    let sent = batch.entries(entry("a", "one")).entries(entry("b", "\u{1}")).send().await.unwrap();
    assert_eq!(sent.successful()[0].id(), "a");
    assert_eq!((sent.failed()[0].id(), sent.failed()[0].code()), ("b", "InvalidMessageContents"));

    let received = sqs.receive_message().queue_url(&url).max_number_of_messages(10).send().await.unwrap();
    let entry = |id: &str, handle: &str| {
        DeleteMessageBatchRequestEntry::builder().id(id).receipt_handle(handle).build().unwrap()
    };
    let delete = sqs.delete_message_batch().queue_url(&url);
    let delete = delete.entries(entry("a", received.messages()[0].receipt_handle().unwrap()));
    let deleted = delete.entries(entry("b", "nonsense")).send().await.unwrap();
    assert_eq!((deleted.successful()[0].id(), deleted.failed()[0].id()), ("a", "b"));
    assert_eq!(queues.depth("jobs"), QueueDepth::default());

    let none = sqs.send_message_batch().queue_url(&url).send().await.unwrap_err().into_service_error();
    assert!(none.is_empty_batch_request(), "{none:?}");
}

#[tokio::test]
async fn queues_are_listed_described_and_purged() {
    let world =
        EmulatorWorld::with_queues(with_dead_letter_queue(standard_queue("jobs"), "dead", 5)).start().await;
    let sqs = world.sqs();
    let queues = world.emulator.sqs();
    let url = sqs.get_queue_url().queue_name("jobs").send().await.unwrap().queue_url.unwrap();
    assert_eq!(url, queues.url("jobs"));
    assert_eq!(
        sqs.list_queues().send().await.unwrap().queue_urls(),
        [queues.url("dead"), queues.url("jobs")]
    );
    queues.send("jobs", "a", None, None, NO_WAIT);
    let attributes = sqs.get_queue_attributes().queue_url(&url).attribute_names(QueueAttributeName::All);
    let attributes = attributes.send().await.unwrap().attributes.unwrap();
    assert_eq!(attributes[&QueueAttributeName::ApproximateNumberOfMessages], "1");
    assert_eq!(attributes[&QueueAttributeName::QueueArn], queues.arn("jobs"));
    let policy = &attributes[&QueueAttributeName::RedrivePolicy];
    assert!(policy.contains(&queues.arn("dead")) && policy.contains(":5"), "{policy}");
    sqs.purge_queue().queue_url(&url).send().await.unwrap();
    assert_eq!(queues.depth("jobs"), QueueDepth::default());

    let error = sqs.get_queue_url().queue_name("none").send().await.unwrap_err().into_service_error();
    assert!(error.is_queue_does_not_exist(), "{error:?}");
}

#[tokio::test]
async fn a_message_is_limited_to_one_mebibyte() {
    let world = EmulatorWorld::with_queues([standard_queue("jobs")]).start().await;
    let sqs = world.sqs();
    let url = world.emulator.sqs().url("jobs");
    let send = |bytes| sqs.send_message().queue_url(&url).message_body("x".repeat(bytes)).send();
    send(1024 * 1024).await.unwrap();
    let error = send(1024 * 1024 + 1).await.unwrap_err().into_service_error();
    assert_eq!(error.code(), Some("InvalidParameterValue"));
    assert!(error.message().unwrap().contains("shorter than 1048576 bytes"), "{error:?}");
    let empty =
        sqs.send_message().queue_url(&url).message_body("").send().await.unwrap_err().into_service_error();
    assert_eq!(empty.code(), Some("MissingParameter"));
}

#[tokio::test]
async fn messages_are_deleted_after_the_retention_period() {
    let brief = QueueSpec { retention: Duration::from_mins(10), ..standard_queue("brief") };
    let world = EmulatorWorld::with_queues([brief]).start().await;
    let queues = world.emulator.sqs();
    queues.send("brief", "old", None, None, NO_WAIT);
    world.advance(Duration::from_mins(9));
    queues.send("brief", "new", None, None, NO_WAIT);
    world.advance(Duration::from_mins(1));
    assert_eq!(bodies(&queues.receive("brief", 10, NO_WAIT).await), ["new"]);
}
