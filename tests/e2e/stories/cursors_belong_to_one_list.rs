use std::collections::BTreeSet;

use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn cursors_belong_to_one_list() {
    let world = World::start().await;
    let (ana, eve) = (world.user("ana").await, world.user("eve").await);
    for number in 0..7 {
        let body = json!({ "title": format!("Number {number}") });
        ana.client.post("/v1/presentations", &body).await.ok(201);
    }

    // page by page, each item once, newest first
    let (mut seen, mut path) = (Vec::new(), "/v1/presentations?limit=3".to_owned());
    let mut cursors = Vec::new();
    loop {
        let page = ana.client.get(&path).await.ok(200);
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= 3);
        seen.extend(items.iter().map(|item| item["title"].as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        cursors.push(next.to_owned());
        path = format!("/v1/presentations?limit=3&cursor={next}");
    }
    assert_eq!(seen.len(), 7);
    assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), 7);
    assert_eq!(seen[0], "Number 6");

    // refused: a cursor of another caller, of another list, a modified one, a truncated one
    let cursor = &cursors[0];
    let refused = async |client: &crate::world::ApiClient, path: String| {
        let answer = client.get(&path).await;
        assert!([400, 422].contains(&answer.status), "{path}: {} {}", answer.status, answer.text);
    };
    refused(&eve.client, format!("/v1/presentations?cursor={cursor}")).await;
    refused(&ana.client, format!("/v1/sessions?cursor={cursor}")).await;
    for place in [0, cursor.len() / 2, cursor.len() - 1] {
        let mut forged = cursor.clone().into_bytes();
        forged[place] = if forged[place] == b'A' { b'B' } else { b'A' };
        let forged = String::from_utf8(forged).unwrap();
        refused(&ana.client, format!("/v1/presentations?cursor={forged}")).await;
    }
    refused(&ana.client, format!("/v1/presentations?cursor={}", &cursor[..cursor.len() / 2])).await;
}
