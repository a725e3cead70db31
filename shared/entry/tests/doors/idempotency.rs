use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{Router, extract::Request, routing::post};
use entry::Door;
use lambda_runtime::Context;
use serde_json::{Value, json};

use crate::world::World;

async fn ask(door: &Door, path: &str, key: &str, body: &str) -> Value {
    let event = json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "",
        "headers": { "idempotency-key": key, "content-type": "text/plain" },
        "requestContext": {
            "accountId": "0", "apiId": "api", "domainName": "localhost", "domainPrefix": "api",
            "http": {
                "method": "POST", "path": path, "protocol": "HTTP/1.1",
                "sourceIp": "203.0.113.7", "userAgent": "tests",
            },
            "requestId": "request", "routeKey": "$default", "stage": "$default",
            "time": "21/Nov/2026:12:00:00 +0000", "timeEpoch": 0,
        },
        "body": body,
        "isBase64Encoded": false,
    });
    door.call(event, Context::default()).await.unwrap()
}

/// A door that makes something as large as it is told, and counts how often.
fn maker(world: &World) -> (Door, Arc<AtomicUsize>) {
    let made = Arc::new(AtomicUsize::new(0));
    let counter = made.clone();
    let door = move |body: String| async move {
        counter.fetch_add(1, Ordering::SeqCst);
        "x".repeat(body.parse().unwrap())
    };
    (entry::http::door(&world.app, Router::new().route("/v1/things", post(door))), made)
}

#[tokio::test]
async fn what_was_answered_at_length_is_not_done_twice() {
    let world = World::start().await;
    let (door, made) = maker(&world);
    // the first is too large for the table when it is sealed, the second in whatever form
    for (times, size) in [(1, 304_000), (2, 900_000)] {
        let (key, body) = (format!("key-{size}"), size.to_string());
        let first = ask(&door, "/v1/things", &key, &body).await;
        assert_eq!((&first["statusCode"], first["body"].as_str().unwrap().len()), (&json!(200), size));
        // also when its lock has run out
        for _ in 0..2 {
            let again = ask(&door, "/v1/things", &key, &body).await;
            let error: Value = serde_json::from_str(again["body"].as_str().unwrap()).unwrap();
            assert_eq!(
                (error["status_code"].as_u64(), error["code"].as_str()),
                (Some(409), Some("IDEMPOTENCY_ANSWER_NOT_KEPT"))
            );
            assert_eq!(made.load(Ordering::SeqCst), times);
            world.clock.advance(Duration::from_secs(40));
        }
        let other = ask(&door, "/v1/things", &key, "1").await;
        assert_eq!(other["statusCode"], 422, "another body");
    }
}

#[tokio::test]
async fn the_largest_answer_that_is_kept_is_given_again() {
    let world = World::start().await;
    let (door, made) = maker(&world);
    for _ in 0..2 {
        let answer = ask(&door, "/v1/things", "key", "301000").await;
        assert_eq!((&answer["statusCode"], answer["body"].as_str().unwrap().len()), (&json!(200), 301_000));
    }
    assert_eq!(made.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_large_upload_with_a_key_arrives_as_it_was_sent() {
    let world = World::start().await;
    let measure = |request: Request| async {
        let body = axum::body::to_bytes(request.into_body(), usize::MAX).await.unwrap();
        assert!(body.iter().all(|byte| *byte == b'u'));
        body.len().to_string()
    };
    let door = entry::http::door(&world.app, Router::new().route("/v1/files", post(measure)));
    let size = 3 * 1024 * 1024;
    let answer = ask(&door, "/v1/files", "key", &"u".repeat(size)).await;
    assert_eq!(
        (&answer["statusCode"], answer["body"].as_str()),
        (&json!(200), Some(size.to_string().as_str()))
    );
    let too_large = ask(&door, "/v1/files", "other", &"u".repeat(10 * 1024 * 1024 + 1)).await;
    assert_eq!(too_large["statusCode"], 413);
}
