use futures::future::join_all;
use serde_json::{Value, json};

use crate::world::{Teammate, World, team::Channel};

fn path(message: &Value) -> String {
    format!("/api/v1/messages/{}", message["id"].as_str().expect("an id"))
}

async fn two_in_a_channel(world: &World) -> (Teammate, Teammate, Channel) {
    let (ana, bo) = (world.teammate("ana").await, world.teammate("bo").await);
    let channel = ana.create_public_channel().await;
    bo.join_channel(&channel).await;
    (ana, bo, channel)
}

fn reaction(message: &Value, emoji: &str) -> Value {
    json!({ "message_id": message["id"], "emoji": emoji })
}

#[tokio::test]
async fn an_author_edits_a_message() {
    let world = World::start().await;
    let (ana, bo, channel) = two_in_a_channel(&world).await;
    let mut socket = bo.connect_to_team().await;
    let message = bo.send_message(&channel, "helo").await;
    let edited = bo.client.put(&path(&message), &json!({ "content": "hello  " })).await.ok(200);
    assert_eq!(
        (&edited["content"], &edited["is_edited"], &edited["version"]),
        (&json!("hello"), &json!(true), &json!(2))
    );
    assert_eq!((&edited["seq"], &edited["change"]), (&message["seq"], &json!(1)));
    let event = socket.wait_for_where("message_edited", |event| event["id"] == message["id"]).await;
    assert_eq!((&event["version"], &event["content"]), (&json!(2), &json!("hello")));
    // a repeated request returns the current message
    let again = bo.client.patch(&path(&message), &json!({ "content": "hello" })).await.ok(200);
    assert_eq!(again["version"], 2);

    // no role may edit the words of another author
    ana.client.put(&path(&message), &json!({ "content": "mine" })).await.refused(403, "FORBIDDEN");
    let refused =
        bo.client.put(&path(&message), &json!({ "content": "`" })).await.refused(422, "VALIDATION_ERROR");
    assert_eq!(refused["fields"][0]["field"], "content");
    let cy = world.teammate("cy").await;
    cy.client.put(&path(&message), &json!({ "content": "mine" })).await.refused(404, "RESOURCE_NOT_FOUND");
    bo.client.delete(&format!("/v1/channels/{}/leave", channel.id)).await.ok(200);
    bo.client.put(&path(&message), &json!({ "content": "late" })).await.refused(404, "RESOURCE_NOT_FOUND");
    bo.client.delete(&path(&message)).await.refused(404, "RESOURCE_NOT_FOUND");
    assert_eq!(ana.client.get(&path(&message)).await.ok(200)["content"], "hello");
}

#[tokio::test]
async fn an_author_or_a_moderator_deletes_a_message() {
    let world = World::start().await;
    let (ana, bo, channel) = two_in_a_channel(&world).await;
    let mut socket = bo.connect_to_team().await;
    let (of_ana, of_bo) =
        (ana.send_message(&channel, "the heron").await, bo.send_message(&channel, "rude words").await);
    bo.client.post("/v1/messages/reactions", &reaction(&of_bo, "👍")).await.ok(200);
    bo.client.delete(&path(&of_ana)).await.refused(403, "FORBIDDEN");
    let said = ana.client.delete(&format!("{}?reason=be%20kind", path(&of_bo))).await.ok(200);
    assert!(said["message"].is_string(), "{said}");
    let event = socket.wait_for_where("message_deleted", |event| event["message_id"] == of_bo["id"]).await;
    assert_eq!(
        (&event["deleted_by"], &event["reason"]),
        (&json!(ana.username), &json!("be kind")),
        "{event}"
    );
    ana.client.delete(&path(&of_bo)).await.ok(200);

    let gone = bo.client.get(&path(&of_bo)).await.ok(200);
    assert_eq!((&gone["content"], &gone["reactions"]), (&json!(""), &json!([])));
    assert_eq!(gone["version"], event["version"], "deleting it again changed nothing");
    bo.client.put(&path(&of_bo), &json!({ "content": "back" })).await.refused(409, "MESSAGE_DELETED");
    bo.client.post("/v1/messages/reactions", &reaction(&of_bo, "👍")).await.refused(409, "MESSAGE_DELETED");
    ana.client.put(&format!("{}/pin", path(&of_bo)), &json!({})).await.refused(409, "MESSAGE_DELETED");

    // a direct channel has no moderator
    let direct = ana.client.post("/v1/channels/direct", &json!({ "user_id": bo.id })).await.ok(201);
    let direct = Channel { id: direct["id"].as_str().expect("an id").into(), name: String::new() };
    let between = ana.send_message(&direct, "between us").await;
    bo.client.delete(&path(&between)).await.refused(403, "FORBIDDEN");
    bo.client.put(&format!("{}/pin", path(&between)), &json!({})).await.ok(200);
    ana.client.delete(&path(&between)).await.ok(200);
}

#[tokio::test]
async fn members_add_and_remove_reactions() {
    let world = World::start().await;
    let (ana, bo, channel) = two_in_a_channel(&world).await;
    let message = ana.send_message(&channel, "good news").await;
    let mut socket = ana.connect_to_team().await;
    let react =
        async |who: &Teammate, body: Value| who.client.post("/api/v1/messages/reactions/", &body).await;
    let added = react(&bo, reaction(&message, "❤")).await.ok(200);
    assert_eq!(added["action"], "add");
    assert_eq!(added["reactions"], json!([{ "emoji": "❤️", "count": 1, "me": true, "users": [bo.id] }]));
    let event = socket.wait_for_where("message_reaction", |event| event["message_id"] == message["id"]).await;
    assert_eq!((&event["user_id"], &event["action"]), (&json!(bo.id), &json!("add")));
    assert_eq!(event["reactions"], json!([{ "emoji": "❤️", "count": 1, "users": [bo.id] }]));
    let seen = ana.client.get(&path(&message)).await.ok(200);
    assert_eq!((&seen["reactions"][0]["me"], &seen["version"]), (&json!(false), &json!(2)));

    // a second call removes the reaction; with an explicit action, repeats have no effect
    assert_eq!(react(&bo, reaction(&message, "❤️")).await.ok(200)["action"], "remove");
    let add = json!({ "message_id": message["id"], "emoji": ":party_parrot:", "action": "add" });
    for _ in 0..2 {
        let added = react(&bo, add.clone()).await.ok(200);
        assert_eq!((&added["action"], &added["reactions"][0]["count"]), (&json!("add"), &json!(1)));
    }
    let heart = format!("{}/reactions/%E2%9D%A4%EF%B8%8F", path(&message));
    for _ in 0..2 {
        assert_eq!(
            ana.client.put(&heart, &json!({})).await.ok(200)["reactions"].as_array().unwrap().len(),
            2
        );
    }
    for _ in 0..2 {
        assert_eq!(ana.client.delete(&heart).await.ok(200)["reactions"].as_array().unwrap().len(), 1);
    }
    for bad in ["", "ok", "👍👍", ":a b:"] {
        let refused = react(&bo, reaction(&message, bad)).await.refused(422, "VALIDATION_ERROR");
        assert_eq!(refused["fields"][0]["field"], "emoji");
    }
    let many: Vec<String> = (0..20).map(|number| format!(":emoji_{number}:")).collect();
    for emoji in &many[..19] {
        react(&ana, reaction(&message, emoji)).await.ok(200);
    }
    react(&ana, reaction(&message, &many[19])).await.refused(409, "LIMIT_REACHED");
    react(&ana, reaction(&message, ":party_parrot:")).await.ok(200);
    let cy = world.teammate("cy").await;
    react(&cy, reaction(&message, "👍")).await.refused(404, "RESOURCE_NOT_FOUND");
}

/// A hundred people react concurrently, and all reactions are stored.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_concurrent_reactions_are_all_stored() {
    let Some(world) = World::local_only("a hundred people who react at once").await else { return };
    let ana = world.teammate("ana").await;
    let channel = ana.create_public_channel().await;
    let names: Vec<String> = (0..100).map(|number| format!("fan{number}")).collect();
    let crowd = join_all(names.iter().map(|name| world.teammate(name))).await;
    join_all(crowd.iter().map(|one| one.join_channel(&channel))).await;
    let message = ana.send_message(&channel, "we won").await;
    let body = reaction(&message, "🎉");
    let answers = join_all(crowd.iter().map(|one| one.client.post("/v1/messages/reactions", &body))).await;
    for answer in answers {
        answer.ok(200);
    }
    let seen = ana.client.get(&path(&message)).await.ok(200);
    assert_eq!((&seen["reactions"][0]["count"], &seen["version"]), (&json!(100), &json!(101)));
}

#[tokio::test]
async fn moderators_pin_messages() {
    let world = World::start().await;
    let (ana, bo, channel) = two_in_a_channel(&world).await;
    let mut socket = bo.connect_to_team().await;
    let (one, two) = (bo.send_message(&channel, "one").await, ana.send_message(&channel, "two").await);
    let pin = |message: &Value| format!("{}/pin", path(message));
    bo.client.put(&pin(&one), &json!({})).await.refused(403, "FORBIDDEN");
    for message in [&one, &two, &two] {
        assert_eq!(ana.client.put(&pin(message), &json!({})).await.ok(200)["is_pinned"], true);
    }
    socket
        .wait_for_where("message_edited", |event| event["id"] == two["id"] && event["is_pinned"] == true)
        .await;
    let pins = format!("/api/v1/channels/{}/pins", channel.id);
    let pinned = async || -> Vec<Value> {
        let list = bo.client.get(&pins).await.ok(200);
        assert_eq!(list["next"], json!(null));
        list["items"].as_array().unwrap().iter().map(|item| item["content"].clone()).collect()
    };
    assert_eq!(pinned().await, ["two", "one"], "the newest pin first");
    for _ in 0..2 {
        assert_eq!(ana.client.delete(&pin(&two)).await.ok(200)["is_pinned"], false);
    }
    assert_eq!(pinned().await, ["one"]);
    bo.client.delete(&path(&one)).await.ok(200);
    assert!(pinned().await.is_empty(), "a deleted message is not pinned");
    let cy = world.teammate("cy").await;
    cy.client.get(&pins).await.refused(404, "RESOURCE_NOT_FOUND");
}

#[tokio::test]
async fn staff_deletions_are_audited() {
    let Some((world, admin)) = World::with_admin("messages that staff delete", "enterprise").await else {
        return;
    };
    let (ana, bo, channel) = two_in_a_channel(&world).await;
    let message = bo.send_message(&channel, "rude words").await;
    let mut socket = ana.connect_to_team().await;
    let staff = |message: &Value| path(message).replace("/messages/", "/admin/messages/");
    ana.client.delete(&staff(&message)).await.refused(403, "FORBIDDEN");
    let by = format!("{}?reason=rude", staff(&message));
    for _ in 0..2 {
        admin.client.delete(&by).await.ok(200);
    }
    let event = socket.wait_for_where("message_deleted", |event| event["message_id"] == message["id"]).await;
    assert_eq!(event["reason"], "rude");
    assert_eq!(bo.client.get(&path(&message)).await.ok(200)["content"], "");
    let log = admin.client.get("/v1/admin/actions?target_type=message").await.ok(200);
    assert_eq!(log["items"].as_array().unwrap().len(), 1, "once: {log}");
    let noted = &log["items"][0];
    assert_eq!(
        (&noted["action"], &noted["target_id"], &noted["reason"]),
        (&json!("delete_message"), &message["id"], &json!("rude"))
    );
    assert!(!log.to_string().contains("rude words"), "{log}");

    // staff cannot delete messages of direct channels
    let direct = ana.client.post("/v1/channels/direct", &json!({ "user_id": bo.id })).await.ok(201);
    let direct = Channel { id: direct["id"].as_str().expect("an id").into(), name: String::new() };
    let between = ana.send_message(&direct, "between us").await;
    admin.client.delete(&staff(&between)).await.refused(404, "RESOURCE_NOT_FOUND");
    assert_eq!(bo.client.get(&path(&between)).await.ok(200)["content"], "between us");
}
