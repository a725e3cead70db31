use std::collections::HashSet;

use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::world::{ApiClient, ApiResponse, World};

async fn create(client: &ApiClient, key: &str, body: &Value) -> ApiResponse {
    client.request(Method::POST, "/v1/presentations").header("idempotency-key", key).json(body).send().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idempotent_request_runs_once() {
    let world = World::start().await;
    let (ana, eve) = (world.user("ana").await, world.user("eve").await);
    let body = json!({ "title": "Herons" });

    // of twenty concurrent requests, those that arrive during the first get a refusal and retry
    let asked = join_all((0..20).map(|_| async {
        loop {
            let answer = create(&ana.client, "k-1", &body).await;
            if answer.status != 409 {
                return answer;
            }
            answer.refused(409, "CONFLICT");
        }
    }))
    .await;
    let ids: HashSet<String> =
        asked.iter().map(|answer| answer.ok(201)["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids.len(), 1);
    let mine = ana.client.get("/v1/presentations").await.ok(200);
    assert_eq!(mine["items"].as_array().map(Vec::len), Some(1));
    let bodies: HashSet<&str> = asked.iter().map(|answer| answer.text.as_str()).collect();
    assert_eq!(bodies.len(), 1, "the same response");

    // another body under the same key, the same key of another caller, another key
    create(&ana.client, "k-1", &json!({ "title": "Otters" })).await.refused(422, "IDEMPOTENCY_KEY_REUSED");
    let hers = create(&eve.client, "k-1", &body).await.ok(201);
    assert!(!ids.contains(hers["id"].as_str().unwrap()));
    create(&ana.client, "k-2", &body).await.ok(201);
    let mine = ana.client.get("/v1/presentations").await.ok(200);
    assert_eq!(mine["items"].as_array().map(Vec::len), Some(2));

    // a refusal is stored as a response too
    let wrong = json!({ "title": "" });
    let first = create(&ana.client, "k-3", &wrong).await;
    first.refused(422, "VALIDATION_ERROR");
    create(&ana.client, "k-3", &wrong).await.refused(422, "VALIDATION_ERROR");
    create(&ana.client, &"k".repeat(256), &body).await.refused(422, "VALIDATION_ERROR");
}
