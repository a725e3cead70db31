//! `/_local`, and the start of a local cloud.

use std::time::Instant;

use local::{DataLocation, LocalCloud};
use serde_json::{Value, json};

use crate::stack::{SeenEvents, TestStack, client, options};

#[tokio::test]
async fn the_page_shows_requests_queues_and_mail() {
    let stack = TestStack::start().await;
    let url = stack.local.url();
    client().get(format!("{url}/v1/things/cookies?<script>")).send().await.unwrap();
    client().get(format!("{url}/v1/things/<b>")).send().await.unwrap();
    let page = client().get(format!("{url}/_local")).send().await.unwrap();
    assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
    let page = page.text().await.unwrap();
    assert!(page.contains("/v1/things/cookies") && page.contains("rru=1;wru=2"));
    assert!(page.contains("&lt;b&gt;") && !page.contains("<b>/") && !page.contains("things/<b>"));

    let state: Value =
        client().get(format!("{url}/_local/state.json")).send().await.unwrap().json().await.unwrap();
    assert_eq!((&state["http_requests"], &state["requests"][1]["cost"]), (&json!(2), &json!("rru=1;wru=2")));
    assert!(state["estimate"]["total"].as_f64().unwrap() > 0.0);
    assert_eq!(state["functions"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn the_page_advances_time_and_redrives_dead_letters() {
    let stack = TestStack::start().await;
    let url = stack.local.url();
    let post = |path: &str, body: Value| client().post(format!("{url}/_local/{path}")).json(&body).send();
    let before = stack.local.clock().millis();
    assert_eq!(post("clock", json!({"advance_seconds": 3600})).await.unwrap().status(), 200);
    assert!(stack.local.clock().millis() - before >= 3_600_000);
    assert_eq!(post("clock", json!({"advance_seconds": -1})).await.unwrap().status(), 400);
    assert_eq!(post("schedules", json!({})).await.unwrap().status(), 200);
    assert!(stack.seen.all().iter().any(|event| event["source"] == "aws.scheduler"));

    let queues = stack.local.emulator().sqs();
    queues.send("Jobs", "fail", None, None, std::time::Duration::ZERO);
    stack.local.wait_until_idle().await;
    assert_eq!(queues.depth("Dead").visible, 1);
    let answer: Value = post("queues/Dead/redrive", json!({})).await.unwrap().json().await.unwrap();
    assert_eq!(answer, json!({"redriven": 1}));
    stack.local.wait_until_idle().await;
    assert_eq!(stack.seen.all().iter().filter(|event| event["Records"][0]["body"] == "fail").count(), 4);
    assert_eq!(post("queues/Unknown/redrive", json!({})).await.unwrap().status(), 404);
}

#[tokio::test]
async fn other_origins_cannot_read_the_page() {
    let stack = TestStack::start().await;
    let url = format!("{}/_local/state.json", stack.local.url());
    let rebound = client().get(&url).header("host", "evil.example").send().await.unwrap();
    assert_eq!(rebound.status(), 403);
    let foreign = client().get(&url).header("origin", "https://evil.example").send().await.unwrap();
    assert_eq!(foreign.status(), 403);
}

#[tokio::test]
async fn many_local_clouds_start_side_by_side() {
    let began = Instant::now();
    let stacks = futures::future::join_all((0..8).map(|_| TestStack::start())).await;
    // a generous limit, because only seconds per start would be a defect
    assert!(began.elapsed().as_secs() < 8, "{:?}", began.elapsed());
    let mut urls: Vec<String> = stacks.iter().map(|stack| stack.local.url()).collect();
    urls.sort();
    urls.dedup();
    assert_eq!(urls.len(), 8);
}

#[tokio::test]
async fn a_data_directory_survives_a_restart_and_is_locked() {
    let dir = std::env::temp_dir().join(format!("colloquy-local-{}", rand::random::<u64>()));
    let kept = || {
        let seen = SeenEvents::default();
        let mut options = options(&seen);
        options.data = DataLocation::Dir(dir.clone());
        options
    };
    let first = LocalCloud::start(kept()).await.unwrap();
    first.emulator().sqs().send("Dead", "kept", None, None, std::time::Duration::ZERO);
    let refused = LocalCloud::start(kept()).await.err().unwrap().to_string();
    assert!(refused.contains("is in use by another local cloud"), "{refused}");
    first.stop().await;
    let second = LocalCloud::start(kept()).await.unwrap();
    assert_eq!(second.emulator().sqs().peek("Dead")[0].body, "kept");
    second.stop().await;
    std::fs::remove_dir_all(&dir).unwrap();
}

#[tokio::test]
async fn a_port_in_use_is_reported() {
    let stack = TestStack::start().await;
    let port: u16 = stack.local.url().rsplit(':').next().unwrap().parse().unwrap();
    let mut options = options(&SeenEvents::default());
    options.port = port;
    let refused = LocalCloud::start(options).await.err().unwrap().to_string();
    assert!(refused.contains(&format!("port {port} is in use")), "{refused}");
}
