use serde_json::{Value, json};

use crate::world::{ApiClient, World};

/// Reads a list until it has the expected content, because a job derives it from the messages.
async fn list_until(client: &ApiClient, path: &str, is_so: impl Fn(&[Value]) -> bool) -> Vec<Value> {
    let list =
        client.get_until(path, |body| body["items"].as_array().is_some_and(|items| is_so(items))).await;
    list["items"].as_array().expect("items").clone()
}

/// Contract chat 1.6 (number 9): in the original every mentioned account received the text, members or not. Number 7:
/// the list of the caller's mentions always failed.
#[tokio::test]
async fn mentions_notify_members_only() {
    let world = World::start().await;
    let (ana, bo, eve) =
        (world.teammate("ana").await, world.teammate("bo").await, world.teammate("eve").await);
    let channel = ana.create_channel(true).await;
    let id = channel["id"].as_str().expect("an id");
    let add = format!("/v1/channels/{id}/add-user");
    ana.client.post(&add, &json!({ "user_id": bo.id })).await.ok(200);
    let (mut bos, mut eves) = (bo.connect_to_team_unread().await, eve.connect_to_team_unread().await);
    bos.receive_until_pong().await;
    eves.receive_until_pong().await;

    let (bo_name, eve_name) = (&bo.username, &eve.username);
    let content = format!("@{} @{eve_name} the nest is empty", bo_name.to_uppercase());
    let body = json!({ "channel_id": id, "content": content });
    let sent = ana.client.post("/v1/messages", &body).await.ok(201);
    assert_eq!(sent["mentions"], json!([bo_name]), "{sent}");
    let event = bos.wait_for("mention_notification").await;
    assert_eq!(
        (&event["message_id"], &event["content"], &event["from_user_id"], &event["is_edit"]),
        (&sent["id"], &json!(content), &json!(ana.id), &json!(false))
    );
    let mine = list_until(&bo.client, "/api/v1/messages/mentions/my", |items| !items.is_empty()).await;
    assert_eq!((mine.len(), &mine[0]["id"], &mine[0]["content"]), (1, &sent["id"], &json!(content)));

    // an account that is not in the channel receives no event, sees no mention, and cannot read the message by its id
    eves.receive_until_pong().await;
    assert!(
        eves.received.iter().all(|event| !event.frame.to_string().contains("nest")),
        "{:?}",
        eves.received
    );
    let none = eve.client.get("/v1/messages/mentions/my").await.ok(200);
    assert_eq!(none["items"], json!([]));
    let replies = format!("/v1/messages/{}/replies", sent["id"].as_str().expect("an id"));
    eve.client.get(&replies).await.refused(404, "RESOURCE_NOT_FOUND");
    let unknown = format!("/v1/messages/{}-1/replies", "0".repeat(32));
    eve.client.get(&unknown).await.refused(404, "RESOURCE_NOT_FOUND");

    // the list has the current content of the message, and no mention of a channel that the caller has left
    let path = format!("/v1/messages/{}", sent["id"].as_str().expect("an id"));
    let edit = json!({ "content": format!("@{bo_name} it is not") });
    ana.client.put(&path, &edit).await.ok(200);
    let mine =
        list_until(&bo.client, "/v1/messages/mentions/my", |items| items[0]["is_edited"] == true).await;
    assert_eq!(mine[0]["content"], edit["content"]);
    bo.client.delete(&format!("/v1/channels/{id}/leave")).await.ok(200);
    let left = bo.client.get("/v1/messages/mentions/my").await.ok(200);
    assert_eq!(left["items"], json!([]));
}

/// Contract chat 1.4: in the original every edit notified all mentioned members again.
#[tokio::test]
async fn an_edit_notifies_newly_mentioned_members() {
    let world = World::start().await;
    let (ana, bo, cy) = (world.teammate("ana").await, world.teammate("bo").await, world.teammate("cy").await);
    let channel = ana.create_channel(true).await;
    let id = channel["id"].as_str().expect("an id");
    for one in [&bo, &cy] {
        let body = json!({ "user_id": one.id });
        ana.client.post(&format!("/v1/channels/{id}/add-user"), &body).await.ok(200);
    }
    let (mut bos, mut cys) = (bo.connect_to_team_unread().await, cy.connect_to_team_unread().await);
    bos.receive_until_pong().await;
    cys.receive_until_pong().await;
    let (bo_name, cy_name) = (&bo.username, &cy.username);
    let body = json!({ "channel_id": id, "content": format!("@{bo_name} look") });
    let sent = ana.client.post("/v1/messages", &body).await.ok(201);
    bos.wait_for("mention_notification").await;
    let path = format!("/v1/messages/{}", sent["id"].as_str().expect("an id"));
    let edit = json!({ "content": format!("@{bo_name} @{cy_name} look") });
    ana.client.put(&path, &edit).await.ok(200);
    let event = cys.wait_for("mention_notification").await;
    assert_eq!((&event["message_id"], &event["is_edit"]), (&sent["id"], &json!(true)));
    bos.receive_until_pong().await;
    assert_eq!(bos.count("mention_notification"), 1, "{:?}", bos.received);
}

#[tokio::test]
async fn replies_are_listed_with_their_parent() {
    let world = World::start().await;
    let (ana, bo) = (world.teammate("ana").await, world.teammate("bo").await);
    let channel = ana.create_channel(false).await;
    let id = channel["id"].as_str().expect("an id");
    bo.client.post("/v1/channels/join", &json!({ "channel_id": id })).await.ok(200);
    let body = json!({ "channel_id": id, "content": "Where is the nest?" });
    let asked = ana.client.post("/v1/messages", &body).await.ok(201);
    let mut answers = Vec::new();
    for content in ["By the pond", "In the elder", "Gone"] {
        let body = json!({ "channel_id": id, "content": content, "reply_to_id": asked["id"] });
        answers.push(bo.client.post("/v1/messages", &body).await.ok(201)["id"].clone());
    }
    let path = format!("/v1/messages/{}/replies", asked["id"].as_str().expect("an id"));
    let found = list_until(&ana.client, &path, |items| items.len() == 3).await;
    let ids: Vec<_> = found.iter().map(|item| item["id"].clone()).collect();
    assert_eq!(ids, answers, "oldest first");
    assert_eq!(found[0]["reply_preview"]["content"], "Where is the nest?");
    let first = ana.client.get(&format!("{path}?limit=2")).await.ok(200);
    let next = format!("{path}?limit=2&cursor={}", first["next"].as_str().expect("a cursor"));
    assert_eq!(ana.client.get(&next).await.ok(200)["items"][0]["id"], answers[2]);
}
