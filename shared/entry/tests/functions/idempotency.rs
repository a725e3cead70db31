use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{Router, extract::Request, routing::post};
use testkit::{FunctionClient, TestResponse};

use crate::world::EntryWorld;

async fn send(client: &FunctionClient, path: &str, key: &str, body: &str) -> TestResponse {
    client.request("POST", path).header("idempotency-key", key).body("text/plain", body).send().await
}

/// Makes a function that returns a body of the requested size and counts its calls.
fn counting_function(world: &EntryWorld) -> (FunctionClient, Arc<AtomicUsize>) {
    let calls = Arc::new(AtomicUsize::new(0));
    let counter = calls.clone();
    let function = move |body: String| async move {
        counter.fetch_add(1, Ordering::SeqCst);
        "x".repeat(body.parse().unwrap())
    };
    (
        FunctionClient::new(entry::http::function(
            &world.app,
            Router::new().route("/v1/things", post(function)),
        )),
        calls,
    )
}

#[tokio::test]
async fn a_large_response_is_not_repeated_by_running_again() {
    let world = EntryWorld::start().await;
    let (function, calls) = counting_function(&world);
    // the first response is too large when it is encrypted, the second one even without
    for (times, size) in [(1, 304_000), (2, 900_000)] {
        let key = format!("key-{size}");
        let body = size.to_string();
        let first = send(&function, "/v1/things", &key, &body).await;
        assert_eq!((first.status, first.text.len()), (200, size));
        // also after the lock has expired
        for _ in 0..2 {
            let again = send(&function, "/v1/things", &key, &body).await;
            again.refused(409, "IDEMPOTENCY_ANSWER_NOT_KEPT");
            assert_eq!(calls.load(Ordering::SeqCst), times);
            world.clock.advance(Duration::from_secs(40));
        }
        let other = send(&function, "/v1/things", &key, "1").await;
        assert_eq!(other.status, 422, "another body");
    }
}

#[tokio::test]
async fn the_largest_stored_response_is_replayed() {
    let world = EntryWorld::start().await;
    let (function, calls) = counting_function(&world);
    for _ in 0..2 {
        let response = send(&function, "/v1/things", "key", "301000").await;
        assert_eq!((response.status, response.text.len()), (200, 301_000));
    }
    assert_eq!(calls.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_large_upload_with_a_key_is_unchanged() {
    let world = EntryWorld::start().await;
    let measure = |request: Request| async {
        let body = axum::body::to_bytes(request.into_body(), usize::MAX).await.unwrap();
        assert!(body.iter().all(|byte| *byte == b'u'));
        body.len().to_string()
    };
    let function = FunctionClient::new(entry::http::function(
        &world.app,
        Router::new().route("/v1/files", post(measure)),
    ));
    let size = 3 * 1024 * 1024;
    let response = send(&function, "/v1/files", "key", &"u".repeat(size)).await;
    assert_eq!((response.status, response.text), (200, size.to_string()));
    let too_large = send(&function, "/v1/files", "other", &"u".repeat(10 * 1024 * 1024 + 1)).await;
    assert_eq!(too_large.status, 413);
}
