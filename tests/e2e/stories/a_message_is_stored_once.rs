use futures::future::join_all;
use serde_json::{Value, json};

use crate::world::World;

fn message_body(channel: &str, content: &str, called: &str) -> Value {
    json!({ "channel_id": channel, "content": content, "client_msg_id": called })
}

/// A phone that got no response retries repeatedly while other members write.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_is_stored_once() {
    let world = World::start().await;
    let (ana, bo) = (world.teammate("ana").await, world.teammate("bo").await);
    let channel = ana.create_public_channel().await;
    bo.join_channel(&channel).await;
    let mut socket = bo.connect_to_team().await;

    let mine = message_body(&channel.id, "hello", "phone:1");
    let again = (0..8).map(|_| ana.client.post("/api/v1/messages/", &mine));
    let others: Vec<Value> =
        (0..5).map(|number| message_body(&channel.id, "me too", &number.to_string())).collect();
    let others = others.iter().map(|other| bo.client.post("/v1/messages", other));
    let (again, others) = futures::join!(join_all(again), join_all(others));
    let ids: Vec<Value> = again.iter().map(|answer| answer.body()["id"].clone()).collect();
    assert!(ids.iter().all(|id| id.is_string() && *id == ids[0]), "{ids:?}");
    let made = again.iter().filter(|answer| answer.status == 201).count();
    assert!(made == 1 && again.iter().all(|answer| matches!(answer.status, 200 | 201)), "{again:?}");
    for other in others {
        other.ok(201);
    }

    // a late retry returns the stored message too, but different content is refused, because it would be lost silently
    let late = ana.client.post("/v1/messages", &mine).await.ok(200);
    assert_eq!((&late["id"], &late["content"]), (&ids[0], &json!("hello")));
    let other = ana.client.post("/v1/messages", &message_body(&channel.id, "hello, all", "phone:1")).await;
    let other = other.refused(422, "VALIDATION_ERROR");
    assert_eq!(other["fields"][0]["field"], "client_msg_id");
    // the same id from another member, and the same words without an id, are different messages
    bo.client.post("/v1/messages", &mine).await.ok(201);
    ana.send_message(&channel, "hello").await;
    ana.send_message(&channel, "hello").await;

    let all = ana.messages(&channel).await;
    let numbers: Vec<u64> = all.iter().map(|message| message["seq"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (1..=9).collect::<Vec<u64>>(), "no number is missing, none comes twice");
    // every message was published, the retried one perhaps more than once
    for message in &all {
        socket.wait_for_where("new_message", |event| event["id"] == message["id"]).await;
    }

    // a deleted message is not restored by a retry
    let gone = format!("/v1/messages/{}", ids[0].as_str().unwrap());
    ana.client.delete(&gone).await.ok(200);
    let again = ana.client.post("/v1/messages", &mine).await.ok(200);
    assert_eq!((&again["content"], again["deleted_at"].is_string()), (&json!(""), true));
    assert_eq!(ana.messages(&channel).await.len(), 9);
}

#[tokio::test]
async fn invalid_messages_are_refused_by_field() {
    let world = World::start().await;
    let (ana, bo) = (world.teammate("ana").await, world.teammate("bo").await);
    let (channel, other) = (ana.create_public_channel().await, ana.create_private_channel().await);
    let elsewhere = ana.send_message(&other, "elsewhere").await;
    let send = async |body: Value| ana.client.post("/v1/messages", &body).await;
    let id = channel.id.as_str();
    for (body, field) in [
        (json!({ "channel_id": id }), "content"),
        (json!({ "content": "hello" }), "channel_id"),
        (json!({ "channel_id": id, "content": " \n " }), "content"),
        (json!({ "channel_id": id, "content": "x".repeat(2_001) }), "content"),
        (json!({ "channel_id": id, "content": "**a" }), "content"),
        (json!({ "channel_id": id, "content": "a\u{0}" }), "content"),
        (json!({ "channel_id": id, "content": "a", "client_msg_id": "" }), "client_msg_id"),
        (json!({ "channel_id": id, "content": "a", "client_msg_id": "a b" }), "client_msg_id"),
        (json!({ "channel_id": id, "content": "a", "reply_to_id": "x" }), "reply_to_id"),
        (json!({ "channel_id": id, "content": "a", "reply_to_id": elsewhere["id"] }), "reply_to_id"),
        (
            json!({ "channel_id": id, "content": "a", "reply_to_id": format!("{}-9", id.replace('-', "")) }),
            "reply_to_id",
        ),
    ] {
        let refused = send(body).await.refused(422, "VALIDATION_ERROR");
        assert_eq!(refused["fields"][0]["field"], field, "{refused}");
    }
    let unknown = json!({ "channel_id": "00000000-0000-7000-8000-000000000000", "content": "hello" });
    send(unknown).await.refused(404, "RESOURCE_NOT_FOUND");
    let hello = json!({ "channel_id": id, "content": "hello" });
    bo.client.post("/v1/messages", &hello).await.refused(404, "RESOURCE_NOT_FOUND");
    world.anonymous().post("/v1/messages", &hello).await.refused(401, "UNAUTHORIZED");
    assert!(ana.messages(&channel).await.is_empty());

    ana.client.post(&format!("/v1/channels/{id}/archive"), &json!({})).await.ok(200);
    send(hello.clone()).await.refused(409, "CHANNEL_ARCHIVED");
    ana.client.post(&format!("/v1/channels/{id}/unarchive"), &json!({})).await.ok(200);
    send(hello).await.ok(201);
}

#[tokio::test]
async fn the_rate_limit_applies_to_one_member() {
    let Some(world) = World::local_only("a flood of messages, by the clock").await else { return };
    let (ana, bo) = (world.teammate("ana").await, world.teammate("bo").await);
    let channel = ana.create_public_channel().await;
    bo.join_channel(&channel).await;
    for number in 0..20 {
        let text = number.to_string();
        ana.client.post("/v1/messages", &message_body(&channel.id, &text, &text)).await.ok(201);
    }
    let more = json!({ "channel_id": channel.id, "content": "one more" });
    let refused = ana.client.post("/v1/messages", &more).await;
    refused.refused(429, "RATE_LIMITED");
    let seconds: u64 = refused.header("retry-after").expect("a Retry-After header").parse().unwrap();
    assert!((1..=10).contains(&seconds), "{seconds}");
    // a retry does not bypass the limit
    ana.client
        .post("/v1/messages", &message_body(&channel.id, "19", "19"))
        .await
        .refused(429, "RATE_LIMITED");
    bo.send_message(&channel, "quiet here").await;
    world.local_cloud().clock().advance(std::time::Duration::from_secs(seconds + 1));
    ana.client.post("/v1/messages", &more).await.ok(201);
    assert_eq!(ana.messages(&channel).await.len(), 22, "refused messages are not stored");
}

/// Returns the stored message to a client that lost the first response, even if the channel or the parent message has
/// changed.
#[tokio::test]
async fn a_retry_returns_the_stored_message() {
    let world = World::start().await;
    let ana = world.teammate("ana").await;
    let channel = ana.create_public_channel().await;
    let parent = ana.send_message(&channel, "shall we?").await;
    let mut mine = message_body(&channel.id, "yes", "phone:1");
    mine["reply_to_id"] = parent["id"].clone();
    let first = ana.client.post("/v1/messages", &mine).await.ok(201);
    ana.client.delete(&format!("/v1/messages/{}", parent["id"].as_str().unwrap())).await.ok(200);
    ana.client.post(&format!("/v1/channels/{}/archive", channel.id), &json!({})).await.ok(200);
    let again = ana.client.post("/v1/messages", &mine).await.ok(200);
    assert_eq!((&again["id"], &again["content"]), (&first["id"], &json!("yes")));
    // a message that is not stored is refused, also on the next retry
    let other = message_body(&channel.id, "yes", "phone:2");
    ana.client.post("/v1/messages", &other).await.refused(409, "CHANNEL_ARCHIVED");
    assert_eq!(ana.messages(&channel).await.len(), 2);
}

/// Retries of one message do not flood the sockets of other members.
#[tokio::test]
async fn a_late_retry_publishes_nothing() {
    let Some(world) = World::local_only("a minute passes").await else { return };
    let (ana, bo) = (world.teammate("ana").await, world.teammate("bo").await);
    let channel = ana.create_public_channel().await;
    bo.join_channel(&channel).await;
    let mut socket = bo.connect_to_team().await;
    let mine = message_body(&channel.id, "hello", "phone:1");
    let first = ana.client.post("/v1/messages", &mine).await.ok(201);
    ana.client.post("/v1/messages", &mine).await.ok(200);
    let is_first = |event: &Value| event["id"] == first["id"];
    socket.wait_for_where("new_message", is_first).await;
    socket.wait_for_where("new_message", is_first).await;
    world.local_cloud().clock().advance(std::time::Duration::from_secs(61));
    ana.client.post("/v1/messages", &mine).await.ok(200);
    let last = ana.send_message(&channel, "the last").await;
    // in the order of publication
    let next = socket.wait_for("new_message").await;
    assert_eq!(next["id"], last["id"]);
}

#[tokio::test]
async fn a_message_can_be_previewed() {
    let world = World::start().await;
    let ana = world.teammate("ana").await;
    let asked = json!({ "content": "  hello    **@Bo_Lo**\n\n\n\n`@nobody` :tada:  " });
    let seen = ana.client.post("/api/v1/messages/format/validate/", &asked).await.ok(200);
    assert_eq!((&seen["valid"], &seen["error"]), (&json!(true), &json!(null)));
    assert_eq!(seen["sanitized_content"], "hello  **@Bo_Lo**\n\n`@nobody` :tada:");
    assert_eq!(seen["mentions"], json!(["bo_lo"]));
    let formatting = &seen["formatting"];
    for is_so in ["has_bold", "has_code", "has_mentions", "has_emojis"] {
        assert_eq!(formatting[is_so], true, "{is_so}: {formatting}");
    }
    assert_eq!((&formatting["mention_count"], &formatting["emoji_count"]), (&json!(1), &json!(1)));
    let broken = "/v1/messages/format/validate?content=%2A%2Ahello";
    let seen = ana.client.post(broken, &json!({})).await.ok(200);
    assert_eq!((&seen["valid"], &seen["sanitized_content"]), (&json!(false), &json!("**hello")));
    assert!(seen["error"].as_str().unwrap().contains("**"), "{seen}");
    let none = ana.client.post("/v1/messages/format/validate", &json!({})).await;
    none.refused(422, "VALIDATION_ERROR");
}
