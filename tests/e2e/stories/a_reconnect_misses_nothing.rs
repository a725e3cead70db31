use std::{collections::BTreeMap, sync::Arc, time::Duration};

use futures::{StreamExt, stream};
use local::LocalOptions;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::{sync::watch, task::JoinSet};

use crate::world::{ReconnectingClient, Teammate, World, visible_content};

const SEED: u64 = 20_261_121;
/// Number of concurrent sign-ups.
const CONCURRENT_CLIENTS: usize = 8;

/// Returns the messages that the server has of a channel, as a member sees them who opens it now.
async fn stored_messages(user: &Teammate, channel: &str) -> BTreeMap<u64, Value> {
    let mut all = BTreeMap::new();
    let mut path = format!("/v1/messages/channel/{channel}?limit=100");
    loop {
        let page = user.client.get(&path).await.ok(200);
        for message in page["items"].as_array().expect("items") {
            all.insert(message["seq"].as_u64().expect("a number"), visible_content(message));
        }
        let Some(before) = page["next"].as_str() else { return all };
        path = format!("/v1/messages/channel/{channel}?limit=100&before={before}");
    }
}

/// Retries a request that was refused temporarily. The table is throttled in this story. Any other failure is a defect.
async fn retry_until_ok(ask: impl AsyncFn() -> crate::world::ApiResponse) -> Value {
    for _ in 0..20 {
        let answer = ask().await;
        if answer.status < 300 {
            return answer.body();
        }
        assert!([429, 503].contains(&answer.status), "{}: {}", answer.status, answer.text);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the request was refused 20 times")
}

/// Makes one request fail, because its transaction conflicts in all six attempts. The rate of chaos is too low for that.
async fn refuse_one_request(world: &World, user: &Teammate) {
    world.wait_for_jobs().await;
    world.local_cloud().emulator().conflict_next_transactions(6);
    let body = json!({ "name": "refused" });
    user.client.post("/v1/channels", &body).await.refused(503, "SERVICE_UNAVAILABLE");
}

/// Checks that chaos met the table and the queues, because without faults a story proves nothing.
fn assert_requests_were_disturbed(world: &World) {
    let cloud = world.local_cloud();
    let queue_faults: u64 = ["duplicate", "delay", "reorder"]
        .map(|fault| cloud.fault_count(&format!("queue.{fault}")))
        .iter()
        .sum();
    assert!(cloud.fault_count("table.throttle") > 0, "no request to the table was throttled");
    assert!(queue_faults > 0, "no message was doubled, delayed or reordered");
}

/// Checks that chaos met the clients while they were connected.
fn assert_clients_were_disturbed(world: &World, clients: &[ReconnectingClient]) {
    assert!(world.local_cloud().fault_count("frames") > 0, "no frame was lost, doubled or delayed");
    let reconnects: usize = clients.iter().map(|client| client.reconnects).sum();
    assert!(reconnects > 0, "no client lost its connection");
    let unavailable = world.unavailable_count();
    assert!(unavailable > 0, "no request was refused with 503");
}

/// Runs a conversation of this many people. They write, edit, delete and react, while a fifth of all frames is lost,
/// doubled or out of order, connections are cut, and jobs are delivered twice and late. A client that reconnects
/// afterwards sees the same messages as the server.
async fn run_conversation(people: usize, lines: usize) {
    // two hundred clients of one machine must not send their requests at the same time, nor retry before they have a
    // response
    let moment = Duration::from_millis(200 + 20 * people as u64);
    let options = LocalOptions { chaos: Some(SEED), chaos_frames: 0.2, ..LocalOptions::default() };
    let Some(world) = World::local_only_with("a team in a bad network", options).await else { return };
    let world = Arc::new(world);
    let ana = world.teammate("ana").await;
    let channel = ana.create_channel_with(&[]).await;
    let others: Vec<Teammate> = stream::iter(1..people)
        .map(|number| {
            let (world, channel) = (world.clone(), channel.clone());
            async move {
                let user = world.teammate(&format!("p{number}")).await;
                let body = json!({ "channel_id": channel });
                retry_until_ok(async || user.client.post("/v1/channels/join", &body).await).await;
                user
            }
        })
        .buffer_unordered(CONCURRENT_CLIENTS)
        .collect()
        .await;
    refuse_one_request(&world, &ana).await;
    let writers: Vec<_> = others.iter().take(5).chain([&ana]).map(|user| user.client.clone()).collect();

    let (stop, stopping) = watch::channel(false);
    let mut clients = JoinSet::new();
    for user in others {
        let (mut chatter, stopping) = (ReconnectingClient::new(user, &channel, moment), stopping.clone());
        clients.spawn(async move {
            chatter.run(stopping).await;
            chatter
        });
    }
    for line in 0..lines {
        let writer = &writers[line % writers.len()];
        let body = json!({
            "channel_id": channel, "content": format!("line {line}"), "client_msg_id": format!("line-{line}"),
        });
        let sent = retry_until_ok(async || writer.post("/v1/messages", &body).await).await;
        let path = format!("/v1/messages/{}", sent["id"].as_str().expect("an id"));
        match line % 4 {
            0 => {
                let edited = json!({ "content": format!("line {line}, better") });
                retry_until_ok(async || writer.patch(&path, &edited).await).await;
            }
            1 => {
                retry_until_ok(async || writer.delete(&path).await).await;
            }
            2 => {
                let path = format!("{path}/reactions/%F0%9F%91%8D");
                for reader in &writers {
                    retry_until_ok(async || reader.request(Method::PUT, &path).json(&json!({})).send().await)
                        .await;
                }
            }
            _ => {}
        }
    }
    stop.send_replace(true);
    let mut chatters = Vec::new();
    while let Some(chatter) = clients.join_next().await {
        chatters.push(chatter.expect("a client"));
    }
    let truth = stored_messages(&ana, &channel).await;
    assert_eq!(truth.len(), lines, "each line once");
    assert_requests_were_disturbed(&world);
    // with fewer messages than people, the conversation may end before most of them are connected
    if lines > people {
        assert_clients_were_disturbed(&world, &chatters);
    }
    let expected = Arc::new(truth);
    let coming_back = stream::iter(chatters).for_each_concurrent(CONCURRENT_CLIENTS, |mut chatter| {
        let expected = expected.clone();
        async move {
            chatter.reconnect_until_complete().await;
            assert_eq!(
                chatter.replica.visible_messages(),
                *expected,
                "{} under seed {SEED}",
                chatter.user.name
            );
        }
    });
    coming_back.await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reconnect_misses_nothing() {
    run_conversation(12, 24).await;
}

/// In a channel as large as a team, none of two hundred members misses a message.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reconnect_of_two_hundred_members_misses_nothing() {
    run_conversation(200, 6).await;
}

/// A client that missed more than 200 messages is asked to read the history, and has every message afterwards.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_missed_too_much_reads_the_history() {
    let Some(world) = World::local_only("a long absence").await else { return };
    let ana = world.teammate("ana").await;
    let bo = world.teammate("bo").await;
    let channel = ana.create_channel_with(&[&bo]).await;
    ana.send_message(&channel, "before").await;
    let mut client = ReconnectingClient::new(bo, &channel, Duration::from_millis(200));
    client.reconnect_until_complete().await;
    assert_eq!((client.replica.seq, client.resyncs), (1, 0));
    for number in 0..205 {
        ana.send_message(&channel, &format!("message {number}")).await;
        // the rate limit of one person for ten seconds
        if number % 15 == 14 {
            world.local_cloud().clock().advance(Duration::from_secs(11));
        }
    }
    world.wait_for_jobs().await;
    client.reconnect_until_complete().await;
    assert_eq!(client.resyncs, 1, "205 missed messages are too many for a replay");
    assert_eq!(client.replica.visible_messages(), stored_messages(&ana, &channel).await);
    assert_eq!(client.replica.messages.len(), 206);
    // the next request asks only for messages after the history
    ana.send_message(&channel, "after").await;
    client.reconnect_until_complete().await;
    assert_eq!((client.resyncs, client.replica.messages.len()), (1, 207));
}
