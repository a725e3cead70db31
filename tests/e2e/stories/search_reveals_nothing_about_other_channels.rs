use serde_json::{Value, json};

use crate::world::{ApiClient, World};

/// Searches and returns all that a caller can see: status, body and cost.
async fn observe(client: &ApiClient, query: &str) -> (u16, String, Option<String>) {
    let answer = client.get(&format!("/v1/messages/search?{query}")).await;
    (answer.status, answer.text.clone(), answer.header("x-colloquy-cost").map(ToOwned::to_owned))
}

#[tokio::test]
async fn search_reveals_nothing_about_other_channels() {
    let Some(world) = World::local_only("search of an outsider").await else { return };
    let (ana, bo, eve) =
        (world.teammate("ana").await, world.teammate("bo").await, world.teammate("eve").await);
    let direct = ana.client.post("/v1/channels/direct", &json!({ "user_id": bo.id })).await;
    assert!([200, 201].contains(&direct.status), "{}", direct.text);
    let direct = direct.body()["id"].as_str().unwrap().to_owned();
    let private = ana.create_private_channel().await;
    for number in 0..40 {
        // moved on, so that no limit of sending is reached
        world.local_cloud().clock().advance(std::time::Duration::from_secs(5));
        ana.send_message(&direct, &format!("merger layoffs budget lawsuit salary {number}")).await;
        ana.send_message(&private, "merger and herons").await;
    }
    let mine = eve.create_public_channel().await;
    eve.send_message(&mine, "herons and storks").await;
    let count = |body: &Value| body["items"].as_array().map_or(0, Vec::len);
    let path = "/v1/messages/search?q=merger&limit=50";
    ana.client.get_until(path, |body| count(body) == 50).await;
    eve.client.get_until("/v1/messages/search?q=herons", |body| count(body) == 1).await;

    // words that are used only elsewhere, and unused words of the same lengths
    for (used, unused) in [
        ("q=merger", "q=zzzzzz"),
        ("q=merger&limit=1", "q=zzzzzz&limit=1"),
        ("q=merger+layoffs+budget+lawsuit+salary", "q=zzzzzz+zzzzzzz+yyyyyy+yyyyyyy+xxxxxx"),
        ("q=herons+merger", "q=herons+zzzzzz"),
        ("q=storks+lawsuit", "q=storks+zzzzzzz"),
    ] {
        let (seen, expected) = (observe(&eve.client, used).await, observe(&eve.client, unused).await);
        assert_eq!(seen, expected, "{used}");
        assert_eq!(seen.1, r#"{"items":[],"next":null}"#, "{used}");
    }
    // the member finds them, page by page
    let (mut found, mut path) = (0, "/v1/messages/search?q=merger+budget&limit=15".to_owned());
    loop {
        let page = bo.client.get(&path).await.ok(200);
        found += count(&page);
        assert!(page["items"].as_array().unwrap().iter().all(|item| item["channel_id"] == direct.as_str()));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/v1/messages/search?q=merger+budget&limit=15&cursor={next}");
    }
    assert_eq!(found, 40);
}
