use std::{
    fs,
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use aws_sdk_dynamodb::types::AttributeValue;
use emulator::QueueDepth;

use crate::world::{
    EmulatorWorld, START_MILLIS, WorldBuilder, bodies, fifo_queue, standard_queue, with_dead_letter_queue,
};

const NO_WAIT: Duration = Duration::ZERO;

fn world() -> WorldBuilder {
    let mut queues = with_dead_letter_queue(standard_queue("jobs"), "dead", 2).to_vec();
    queues.push(fifo_queue("ticks.fifo"));
    EmulatorWorld::with_queues(queues)
}

async fn put(world: &EmulatorWorld, sk: &str) {
    let put = world.dynamodb().put_item().table_name("things");
    put.item("pk", AttributeValue::S("p".into()))
        .item("sk", AttributeValue::S(sk.into()))
        .send()
        .await
        .unwrap();
}

async fn rows(world: &EmulatorWorld) -> i32 {
    world.dynamodb().scan().table_name("things").send().await.unwrap().count()
}

#[tokio::test]
async fn data_survives_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let before = world().data_in(dir.path()).start().await;
    put(&before, "1").await;
    let queues = before.emulator.sqs();
    for body in ["done", "failing", "waiting"] {
        queues.send("jobs", body, None, None, NO_WAIT);
    }
    let received = queues.receive("jobs", 2, NO_WAIT).await;
    queues.delete("jobs", &received[0].receipt_handle);
    queues.send("ticks.fifo", "tick", Some("g"), Some("1"), NO_WAIT);
    let tick = queues.receive("ticks.fifo", 1, NO_WAIT).await.remove(0);
    queues.delete("ticks.fifo", &tick.receipt_handle);
    drop(before);

    let after = world().data_in(dir.path()).started_after(Duration::from_secs(1)).start().await;
    assert_eq!(rows(&after).await, 1);
    let queues = after.emulator.sqs();
    assert_eq!(queues.depth("jobs"), QueueDepth { visible: 1, in_flight: 1, delayed: 0 });
    assert_eq!(bodies(&queues.receive("jobs", 10, NO_WAIT).await), ["waiting"]);
    // the consumer may have survived the restart
    queues.change_visibility("jobs", &received[1].receipt_handle, NO_WAIT);
    let failing = queues.receive("jobs", 10, NO_WAIT).await.remove(0);
    assert_eq!((&*failing.body, &*failing.attributes["ApproximateReceiveCount"]), ("failing", "2"));
    queues.change_visibility("jobs", &failing.receipt_handle, NO_WAIT);
    assert_eq!(bodies(&queues.peek("dead")), ["failing"]);

    queues.send("ticks.fifo", "tick again", Some("g"), Some("1"), NO_WAIT);
    assert_eq!(
        queues.depth("ticks.fifo"),
        QueueDepth::default(),
        "the deduplication id was used a second ago"
    );
    queues.send("ticks.fifo", "next", Some("g"), Some("2"), NO_WAIT);
    let next = queues.receive("ticks.fifo", 1, NO_WAIT).await.remove(0);
    assert!(next.attributes["SequenceNumber"] > tick.attributes["SequenceNumber"]);
    drop(after);

    let third = world().data_in(dir.path()).started_after(Duration::from_secs(2)).start().await;
    assert_eq!(bodies(&third.emulator.sqs().peek("dead")), ["failing"]);
    assert_eq!(third.emulator.sqs().redrive("dead"), 1);
    // its message was deleted before the restart
    third.emulator.sqs().send("ticks.fifo", "tick again", Some("g"), Some("1"), NO_WAIT);
    assert_eq!(
        third.emulator.sqs().depth("ticks.fifo"),
        QueueDepth { in_flight: 1, ..QueueDepth::default() }
    );
}

/// A copy of the files of a running emulator is what `kill -9` leaves.
#[tokio::test]
async fn acknowledged_data_survives_a_kill() {
    let dir = tempfile::tempdir().unwrap();
    let left = tempfile::tempdir().unwrap();
    let killed = world().data_in(dir.path()).start().await;
    let sqs = killed.sqs();
    let url = killed.emulator.sqs().url("jobs");
    let work = (0..40).map(|n| {
        let killed = &killed;
        let send = sqs.send_message().queue_url(&url).message_body(n.to_string());
        async move {
            put(killed, &n.to_string()).await;
            send.send().await.unwrap();
        }
    });
    futures::future::join_all(work).await;
    for file in fs::read_dir(dir.path()).unwrap() {
        let file = file.unwrap();
        // SQLite rebuilds the index of its log
        if !file.path().to_string_lossy().ends_with("-shm") {
            fs::copy(file.path(), left.path().join(file.file_name())).unwrap();
        }
    }
    let after = world().data_in(left.path()).start().await;
    assert_eq!((rows(&after).await, after.emulator.sqs().depth("jobs").visible), (40, 40));
    drop(killed);
}

#[tokio::test]
async fn the_journal_is_compacted_without_loss() {
    let dir = tempfile::tempdir().unwrap();
    let before = world().data_in(dir.path()).start().await;
    let queues = before.emulator.sqs();
    queues.send("jobs", "first", None, None, NO_WAIT);
    let _in_flight = queues.receive("jobs", 1, NO_WAIT).await;
    let begun = Instant::now();
    for n in 0..10_000 {
        // no deduplication id expires, because the clock stands still
        for (queue, group) in [("jobs", None), ("ticks.fifo", Some("g"))] {
            queues.send(queue, &n.to_string(), group, None, NO_WAIT);
            let received = queues.receive(queue, 1, NO_WAIT).await.remove(0);
            queues.delete(queue, &received.receipt_handle);
        }
    }
    let size = fs::metadata(dir.path().join("queues.jsonl")).unwrap().len();
    assert!(size < 12_000_000, "{size} bytes for one message and 10,000 deduplication ids");
    assert!(begun.elapsed() < Duration::from_mins(1), "rewritten too often: {:?}", begun.elapsed());
    drop(before);
    let after = world().data_in(dir.path()).start().await;
    assert_eq!(bodies(&after.emulator.sqs().peek("jobs")), ["first"]);
    assert_eq!(after.emulator.sqs().depth("jobs").in_flight, 1);
}

#[tokio::test]
async fn emails_survive_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let before = EmulatorWorld::with_queues([]).data_in(dir.path()).start().await;
    let content = aws_sdk_sesv2::types::Content::builder().data("hello").build().unwrap();
    let body = aws_sdk_sesv2::types::Body::builder().html(content.clone()).build();
    let message = aws_sdk_sesv2::types::Message::builder().subject(content).body(body).build();
    let to = aws_sdk_sesv2::types::Destination::builder().to_addresses("ana@example.com").build();
    let send = before.ses().send_email().from_email_address("a@example.com").destination(to);
    send.content(aws_sdk_sesv2::types::EmailContent::builder().simple(message).build()).send().await.unwrap();
    drop(before);
    let after = EmulatorWorld::with_queues([]).data_in(dir.path()).start().await;
    let mail = after.emulator.ses().newest_to("ana@example.com").unwrap();
    assert_eq!((mail.at_ms, mail.html.as_deref(), mail.text), (START_MILLIS, Some("hello"), None));
}

#[tokio::test]
async fn dropping_the_emulator_stops_every_listener() {
    let world = EmulatorWorld::with_queues([standard_queue("jobs")]).start().await;
    let sqs = world.sqs();
    let poll = sqs.receive_message().queue_url(world.emulator.sqs().url("jobs")).wait_time_seconds(20).send();
    let poll = tokio::spawn(poll);
    // the long poll must be waiting before the drop, and a response shows that the server runs
    sqs.list_queues().send().await.unwrap();
    let addresses = [world.emulator.url(), world.emulator.dynamodb_url()];
    let addresses: Vec<SocketAddr> =
        addresses.iter().map(|url| url.strip_prefix("http://").unwrap().parse().unwrap()).collect();
    let begun = Instant::now();
    drop(world);
    assert!(begun.elapsed() < Duration::from_secs(5));
    for address in addresses {
        assert!(TcpStream::connect(address).is_err(), "{address} still listens");
    }
    poll.abort();
}

#[tokio::test]
async fn a_port_in_use_is_reported() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let options = emulator::EmulatorOptions {
        now: std::sync::Arc::new(|| START_MILLIS),
        data: emulator::DataLocation::Memory,
        port,
        tables: Vec::new(),
        queues: Vec::new(),
        chaos: None,
        iam: emulator::IamConfig::default(),
    };
    let error = emulator::Emulator::start(options).await.err().unwrap().to_string();
    assert_eq!(error, format!("cannot listen on port {port}"));
}

#[tokio::test]
async fn the_environment_names_every_endpoint() {
    let world = EmulatorWorld::with_queues([]).start().await;
    let variables = world.emulator.lambda_environment();
    assert_eq!(variables["AWS_ENDPOINT_URL_SQS"], world.emulator.url());
    assert_eq!(variables["AWS_ENDPOINT_URL_SESV2"], world.emulator.url());
    assert_eq!(variables["AWS_ENDPOINT_URL_DYNAMODB"], world.emulator.dynamodb_url());
    assert!(world.emulator.url().starts_with("http://127.0.0.1:"));
}
