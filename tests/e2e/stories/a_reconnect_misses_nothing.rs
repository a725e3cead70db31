use std::{collections::BTreeMap, sync::Arc, time::Duration};

use futures::{StreamExt, stream};
use local::LocalOptions;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::{sync::watch, task::JoinSet};

use crate::world::{ReconnectingClient, Teammate, World, visible_content};

const SEED: u64 = 20_261_121;
/// Sign-ups under way at once.
const CONCURRENT_CLIENTS: usize = 8;

/// What the server has of a channel, as somebody sees it who opens it now.
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

/// Does it until it is done: the table is throttled here, and gives up on a request now and then.
async fn retry_until_ok(ask: impl AsyncFn() -> crate::world::ApiResponse) -> Value {
    for _ in 0..20 {
        let answer = ask().await;
        if answer.status < 300 {
            return answer.body();
        }
        assert!(answer.status >= 429, "{}: {}", answer.status, answer.text);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it is never done")
}

/// A conversation of so many people: they write, edit, delete and react, while a fifth of all frames is lost, doubled or out of
/// order, connections are cut, and jobs come twice and late. Whoever comes back afterwards sees what the server has.
async fn run_conversation(people: usize, lines: usize) {
    // two hundred clients of one machine must not ask all at once, and again before they were answered
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

/// As large as a team's channel is: nobody of two hundred misses anything.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reconnect_of_two_hundred_members_misses_nothing() {
    run_conversation(200, 6).await;
}
