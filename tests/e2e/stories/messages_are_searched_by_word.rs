use serde_json::{Value, json};

use crate::world::{ApiClient, Teammate, World};

async fn send_to_channel(user: &Teammate, channel: &str, content: &str) -> Value {
    let body = json!({ "channel_id": channel, "content": content });
    user.client.post("/v1/messages", &body).await.ok(201)
}

fn ids(found: &Value) -> Vec<&str> {
    found["items"].as_array().expect("items").iter().map(|item| item["id"].as_str().expect("an id")).collect()
}

/// Searches until this many messages are found, because a job indexes the words.
async fn search_until(client: &ApiClient, query: &str, count: usize) -> Value {
    let path = format!("/v1/messages/search?{query}");
    client.get_until(&path, |body| body["items"].as_array().is_some_and(|items| items.len() == count)).await
}

#[tokio::test]
async fn messages_are_searched_by_word() {
    let world = World::start().await;
    let (ana, bo) = (world.teammate("ana").await, world.teammate("bo").await);
    let (pond, secret) = (ana.create_channel(false).await, bo.create_channel(true).await);
    let (pond, secret) = (pond["id"].as_str().expect("an id"), secret["id"].as_str().expect("an id"));
    bo.client.post("/v1/channels/join", &json!({ "channel_id": pond })).await.ok(200);
    // a word that no other story of this deployment has
    let heron = format!("stârc{}", &pond[..8]);
    let first = send_to_channel(&ana, pond, &format!("The {heron} is in the reeds")).await;
    let second = send_to_channel(
        &bo,
        pond,
        &format!("Two of them! **{}** and a friend, in the reeds", heron.to_uppercase()),
    )
    .await;
    let hidden = send_to_channel(&bo, secret, &format!("{heron}: no one may know of the reeds")).await;
    let (first, second) = (first["id"].as_str().expect("an id"), second["id"].as_str().expect("an id"));

    let plain = heron.replace('â', "a");
    let all = search_until(&ana.client, &format!("q={plain}"), 2).await;
    assert_eq!((ids(&all), &all["next"]), (vec![second, first], &Value::Null), "newest first");
    assert_eq!(all["items"][1]["channel_id"], pond);
    let both = search_until(&bo.client, &format!("q={plain}%20REEDS"), 3).await;
    assert_eq!(ids(&both)[0], hidden["id"], "in the caller's channels");
    assert_eq!(
        ids(&search_until(&bo.client, &format!("q={plain}&channel_id={pond}"), 2).await),
        [second, first]
    );
    assert_eq!(ids(&search_until(&ana.client, &format!("q={plain}&from={}", ana.id), 1).await), [first]);
    assert_eq!(ids(&search_until(&ana.client, &format!("q=the%20{plain}%20friend"), 1).await), [second]);
    assert!(ids(&search_until(&ana.client, &format!("q={plain}%20nobody"), 0).await).is_empty());

    // page by page, with a cursor that is valid for this search only
    let path = |query: &str| format!("/v1/messages/search?{query}");
    let page = ana.client.get(&path(&format!("q={plain}&limit=1"))).await.ok(200);
    assert_eq!(ids(&page), [second]);
    let cursor = page["next"].as_str().expect("a cursor");
    let page = ana.client.get(&path(&format!("q={plain}&limit=1&cursor={cursor}"))).await.ok(200);
    assert_eq!(ids(&page), [first]);
    ana.client.get(&path(&format!("q=reeds&cursor={cursor}"))).await.refused(422, "VALIDATION_ERROR");
    bo.client.get(&path(&format!("q={plain}&cursor={cursor}"))).await.refused(422, "VALIDATION_ERROR");

    // a search finds the edited text, at once
    let message = format!("/v1/messages/{first}");
    ana.client.put(&message, &json!({ "content": "It flew away" })).await.ok(200);
    let rest = ana.client.get(&path(&format!("q={plain}"))).await.ok(200);
    assert_eq!(ids(&rest), [second]);
    let flew = search_until(&ana.client, &format!("q=flew&channel_id={pond}"), 1).await;
    assert_eq!(ids(&flew), [first]);
    ana.client.delete(&message).await.ok(200);
    let gone = ana.client.get(&path(&format!("q=flew&channel_id={pond}"))).await.ok(200);
    assert!(ids(&gone).is_empty());
}

#[tokio::test]
async fn empty_searches_and_outsiders_are_refused() {
    let world = World::start().await;
    let (ana, eve) = (world.teammate("ana").await, world.teammate("eve").await);
    let secret = ana.create_channel(true).await;
    let secret = secret["id"].as_str().expect("an id");
    for wrong in
        ["", "q=", "q=the", "q=%F0%9F%98%80", "q=heron&limit=51", "q=heron&limit=0", "q=heron&cursor=x"]
    {
        let refused = ana.client.get(&format!("/v1/messages/search?{wrong}")).await;
        refused.refused(422, "VALIDATION_ERROR");
    }
    let path = format!("/v1/messages/search?q=heron&channel_id={secret}");
    ana.client.get(&path).await.ok(200);
    eve.client.get(&path).await.refused(404, "RESOURCE_NOT_FOUND");
    world.anonymous().get("/v1/messages/search?q=heron").await.refused(401, "UNAUTHORIZED");
}
