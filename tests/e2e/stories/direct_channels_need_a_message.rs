use std::time::Duration;

use futures::{StreamExt, stream};
use reqwest::Method;
use serde_json::{Value, json};

use crate::world::{ApiResponse, Teammate, World};

async fn open_direct(from: &Teammate, to: &Teammate) -> String {
    let opened = from.client.post("/v1/channels/direct", &json!({ "user_id": to.id })).await;
    assert!([200, 201].contains(&opened.status), "{}", opened.text);
    opened.body()["id"].as_str().expect("an id").to_owned()
}

async fn try_send(from: &Teammate, channel: &str, content: &str) -> ApiResponse {
    from.client.post("/v1/messages", &json!({ "channel_id": channel, "content": content })).await
}

/// Returns the ids of the listed channels, and the cost of the list.
async fn list_channels(user: &Teammate) -> (Vec<String>, Option<String>) {
    let answer = user.client.get("/v1/channels/my").await;
    let items = answer.ok(200)["items"].as_array().expect("items").clone();
    let ids = items.iter().map(|item| item["id"].as_str().expect("an id").to_owned()).collect();
    (ids, answer.header("x-colloquy-cost").map(ToOwned::to_owned))
}

/// Asserts a refusal that does not tell the sender why.
fn assert_not_received(answer: &ApiResponse) {
    let body = answer.refused(403, "FORBIDDEN");
    assert_eq!(body["message"], "this user does not receive messages");
}

#[tokio::test]
async fn opened_direct_channels_reach_nobody() {
    let world = World::start().await;
    let victim = world.teammate("victim").await;
    world.wait_for_jobs().await;
    let before = list_channels(&victim).await;
    let (mut socket, _) = victim.connect_with_state().await;
    // eighty accounts at a time; `functions/chat/tests/jobs/direct_channels.rs` plays it with five hundred
    let victim_client = &victim;
    let spamming = (0..80).map(|number| {
        let world = &world;
        async move {
            let spammer = world.teammate(&format!("spammer{number}")).await;
            let channel = open_direct(&spammer, victim_client).await;
            assert!(spammer.my_channel(&channel).await.is_some(), "the opener sees it");
            let path = format!("/v1/channels/{channel}");
            victim_client.client.get(&path).await.refused(404, "RESOURCE_NOT_FOUND");
            (channel, spammer)
        }
    });
    let spamming: Vec<_> = spamming.collect();
    let (opened, spammers): (Vec<String>, Vec<Teammate>) =
        stream::iter(spamming).buffered(8).collect::<Vec<_>>().await.into_iter().unzip();
    assert_eq!(list_channels(&victim).await, before, "neither the list nor its cost has changed");
    let public = spammers[0].create_public_channel().await;
    victim.join_channel(&public).await;
    assert!(victim.my_channel(&public.id).await.is_some());

    // the first message shows it, at once and after a retry
    let message = json!({ "channel_id": opened[3], "content": "hello @nobody", "client_msg_id": "first" });
    spammers[3].client.post("/v1/messages", &message).await.ok(201);
    spammers[3].client.post("/v1/messages", &message).await.ok(200);
    socket.wait_for_where("channel_created", |event| event["id"] == opened[3].as_str()).await;
    socket.wait_for_where("new_message", |event| event["channel_id"] == opened[3].as_str()).await;
    let mine = victim.my_channel(&opened[3]).await.expect("it has a message");
    assert_eq!((&mine["unread_count"], &mine["seq"]), (&json!(1), &json!(1)));
    assert_eq!((&mine["with"], &mine["member_count"]), (&json!(spammers[3].id), &json!(2)));
    // other stories publish their channels in the same deployment
    let published = socket.received.iter().filter(|event| event.kind == "channel_created");
    let others: Vec<&Value> = published
        .map(|event| &event.payload["id"])
        .filter(|id| opened.iter().any(|channel| *channel != opened[3] && **id == channel.as_str()))
        .collect();
    assert!(others.is_empty(), "other direct channels were published: {others:?}");
    victim.send_message(&opened[3], "hello").await;
}

#[tokio::test]
async fn a_direct_channel_is_hidden_until_its_next_message() {
    let world = World::start().await;
    let (ana, bo) = (world.teammate("ana").await, world.teammate("bo").await);
    let direct = open_direct(&ana, &bo).await;
    ana.send_message(&direct, "one").await;
    let path = format!("/v1/channels/{direct}");
    for user in [&ana, &bo] {
        assert!(user.my_channel(&direct).await.is_some());
        user.client.post(&format!("{path}/hide"), &json!({})).await.ok(204);
        user.client.post(&format!("{path}/hide"), &json!({})).await.ok(204);
        assert!(user.my_channel(&direct).await.is_none(), "it is hidden");
        user.client.get(&path).await.ok(200);
    }
    let (_socket, state) = bo.connect_with_state().await;
    let is_there = |state: &Value| {
        state["channels"].as_array().unwrap().iter().any(|it| it["channel_id"] == direct.as_str())
    };
    assert!(!is_there(&state), "{state}");
    bo.send_message(&direct, "two").await;
    for user in [&ana, &bo] {
        assert_eq!(user.my_channel(&direct).await.expect("it has a new message")["seq"], 2);
    }
    // shown again by hand, and by opening it
    for show in [format!("{path}/unhide"), "/v1/channels/direct".to_owned()] {
        ana.client.post(&format!("{path}/hide"), &json!({})).await.ok(204);
        assert!(ana.my_channel(&direct).await.is_none());
        ana.client.post(&show, &json!({ "user_id": bo.id })).await;
        assert!(ana.my_channel(&direct).await.is_some(), "{show}");
    }
    let public = ana.create_public_channel().await;
    ana.client.post(&format!("/v1/channels/{}/hide", public.id), &json!({})).await.refused(409, "CONFLICT");
    let eve = world.teammate("eve").await;
    eve.client.post(&format!("{path}/hide"), &json!({})).await.refused(404, "RESOURCE_NOT_FOUND");
}

#[tokio::test]
async fn a_blocked_user_reaches_nobody() {
    let world = World::start().await;
    let (ana, bo, cy) = (world.teammate("ana").await, world.teammate("bo").await, world.teammate("cy").await);
    let direct = open_direct(&bo, &ana).await;
    let sent = bo.send_message(&direct, "one").await;
    let message = format!("/v1/messages/{}", sent["id"].as_str().unwrap());
    let block = format!("/v1/users/{}/block", bo.id);
    ana.client.post(&block, &json!({})).await.ok(204);
    ana.client.post(&block, &json!({})).await.ok(204);
    let blocks = ana.client.get("/v1/users/me/blocks").await.ok(200);
    assert_eq!(blocks["items"].as_array().map(Vec::len), Some(1), "{blocks}");
    let item = &blocks["items"][0];
    assert_eq!((&item["user_id"], &item["username"]), (&json!(bo.id), &json!(bo.username)));

    // not in the list, nor after a reload, and nothing arrives
    assert!(ana.my_channel(&direct).await.is_none());
    let (mut socket, state) = ana.connect_with_state().await;
    assert!(!state["channels"].to_string().contains(&direct), "{state}");
    assert_not_received(&try_send(&bo, &direct, "two").await);
    let edited = bo.client.put(&message, &json!({ "content": "changed" })).await;
    assert_not_received(&edited);
    let reaction = json!({ "message_id": sent["id"], "emoji": "👍" });
    assert_not_received(&bo.client.post("/v1/messages/reactions", &reaction).await);
    let private = bo.create_private_channel().await;
    let add = json!({ "user_id": ana.id });
    let add_path = format!("/v1/channels/{}/add-user", private.id);
    bo.client.post(&add_path, &add).await.refused(403, "FORBIDDEN");
    socket.receive_until_pong().await;
    // other stories publish their channels in the same deployment
    for kind in ["new_message", "message_edited", "message_reaction", "channel_created", "user_joined"] {
        let of_this_kind = socket.received.iter().filter(|event| event.kind == kind);
        let reached: Vec<&Value> = of_this_kind
            .map(|event| &event.payload)
            .filter(|payload| [&direct, &private.id].iter().any(|id| payload.to_string().contains(*id)))
            .collect();
        assert!(reached.is_empty(), "{kind}: {reached:?}");
    }
    // the one who blocks sees the reason, the blocked one sees the channel as before
    try_send(&ana, &direct, "hello").await.refused(409, "CONFLICT");
    assert!(bo.my_channel(&direct).await.is_some());
    assert_eq!(open_direct(&bo, &ana).await, direct);

    // a user who is blocked before the first message
    ana.client.post(&format!("/v1/users/{}/block", cy.id), &json!({})).await.ok(204);
    let other = open_direct(&cy, &ana).await;
    assert_not_received(&try_send(&cy, &other, "hello").await);
    assert!(ana.my_channel(&other).await.is_none());

    ana.client.delete(&block).await.ok(204);
    ana.client.delete(&block).await.ok(204);
    assert!(ana.my_channel(&direct).await.is_some(), "it is listed again");
    bo.send_message(&direct, "three").await;
    socket.wait_for_where("new_message", |event| event["content"] == "three").await;

    ana.client
        .post(&format!("/v1/users/{}/block", ana.id), &json!({}))
        .await
        .refused(422, "VALIDATION_ERROR");
    let nobody = format!("/v1/users/{}/block", private.id);
    ana.client.post(&nobody, &json!({})).await.refused(404, "RESOURCE_NOT_FOUND");
}

#[tokio::test]
async fn direct_channels_with_an_account_that_is_gone_stay_readable() {
    let Some((world, root)) = World::with_admin("direct channels of banned accounts", "pro").await else {
        return;
    };
    let (ana, bo, cy, dee) = (
        world.teammate("ana").await,
        world.teammate("bo").await,
        world.teammate("cy").await,
        world.teammate("dee").await,
    );
    // with messages, and empty
    let (with_bo, with_cy, with_dee) =
        (open_direct(&bo, &ana).await, open_direct(&ana, &cy).await, open_direct(&ana, &dee).await);
    bo.send_message(&with_bo, "one").await;
    ana.send_message(&with_dee, "one").await;
    assert!(ana.my_channel(&with_cy).await.is_some(), "its opener sees it while it is empty");
    for banned in [&bo, &cy] {
        root.client.post(&format!("/v1/admin/users/{}/ban", banned.id), &json!({})).await.ok(200);
    }
    let body = json!({ "password": dee.password });
    dee.client.request(Method::DELETE, "/v1/users/me").json(&body).send().await.ok(204);
    world.wait_for_jobs().await;
    assert!(ana.my_channel(&with_bo).await.is_some(), "it has a message");
    assert!(ana.my_channel(&with_dee).await.is_some(), "it has a message");
    assert!(ana.my_channel(&with_cy).await.is_none(), "it is empty");
    for channel in [&with_bo, &with_dee] {
        assert_eq!(ana.messages(channel).await.len(), 1);
        assert_not_received(&try_send(&ana, channel, "two").await);
    }
    root.client.post(&format!("/v1/admin/users/{}/unban", cy.id), &json!({})).await.ok(200);
    assert!(ana.my_channel(&with_cy).await.is_some(), "the account is back");
}

#[tokio::test]
async fn strangers_fill_nobodys_channels() {
    let Some(world) = World::local_only("limits of being added").await else { return };
    let (victim, friend) = (world.teammate("victim").await, world.teammate("friend").await);
    world.begin_window(Duration::from_hours(1));
    let victim = victim.log_in(&world).await;
    let mut channels = Vec::new();
    let mut last = None;
    for _ in 0..2 {
        let spammer = world.teammate("spammer").await;
        for _ in 0..12 {
            let channel = spammer.create_public_channel().await;
            let path = format!("/v1/channels/{}/add-user", channel.id);
            last = Some(spammer.client.post(&path, &json!({ "user_id": victim.id })).await);
            channels.push((channel, path));
        }
        // a member is added again, which does not count
        let again =
            spammer.client.post(&channels[channels.len() - 12].1, &json!({ "user_id": victim.id })).await;
        again.ok(200);
    }
    last.expect("an answer").refused(429, "RATE_LIMITED");
    // the victim joins herself, and is added in the next hour
    victim.join_channel(&channels[23].0).await;
    world.begin_window(Duration::from_hours(1));
    let friend = friend.log_in(&world).await;
    let own = friend.create_private_channel().await;
    friend.add_member(&own, &victim).await;

    // one network begins 30 conversations in an hour, and another network is not held up
    let (mut refused, mut received) = (0, 0);
    for number in 0..32 {
        let spammer = world.teammate(&format!("writer{number}")).await;
        let opened =
            spammer.client.post("/v1/channels/direct", &json!({ "user_id": victim.id })).await.ok(201);
        let message = json!({ "channel_id": opened["id"], "content": "buy" });
        match spammer.client.at_address("203.0.113.7").post("/v1/messages", &message).await.status {
            201 => received += 1,
            429 => refused += 1,
            other => panic!("{other}"),
        }
    }
    assert_eq!((received, refused), (30, 2));
    let direct = friend.client.post("/v1/channels/direct", &json!({ "user_id": victim.id })).await.ok(201);
    friend.send_message(direct["id"].as_str().unwrap(), "how are you?").await;
}

/// Each change of a direct channel or a block reaches the person's other devices with its version, and never the other person.
#[tokio::test]
async fn other_devices_see_what_is_hidden_and_blocked() {
    let world = World::start().await;
    let (ana, bo) = (world.teammate("ana").await, world.teammate("bo").await);
    let direct = open_direct(&ana, &bo).await;
    ana.send_message(&direct, "one").await;
    let phone = ana.log_in(&world).await;
    let mut phone = phone.connect_to_team().await;
    let mut his = bo.connect_to_team().await;
    let path = format!("/v1/channels/{direct}");
    let mut versions = Vec::new();
    for (operation, hidden_through) in [("hide", json!(1)), ("unhide", Value::Null), ("hide", json!(1))] {
        ana.client.post(&format!("{path}/{operation}"), &json!({})).await.ok(204);
        let event = phone.wait_for("direct_channel_updated").await;
        assert_eq!((&event["channel_id"], &event["hidden_through"]), (&json!(direct), &hidden_through));
        versions.push(event["version"].as_u64().expect("a version"));
    }
    // a repeated request has the same state and version
    ana.client.post(&format!("{path}/hide"), &json!({})).await.ok(204);
    assert_eq!(phone.wait_for("direct_channel_updated").await["version"], json!(versions[2]));
    // opening it shows it again
    open_direct(&ana, &bo).await;
    let shown = phone.wait_for("direct_channel_updated").await;
    assert!(shown["hidden_through"].is_null(), "{shown}");
    versions.push(shown["version"].as_u64().expect("a version"));
    assert!(versions.is_sorted_by(|a, b| a < b), "{versions:?}");

    let block = format!("/v1/users/{}/block", bo.id);
    let mut versions = Vec::new();
    for is_blocked in [true, false, true, false] {
        if is_blocked {
            ana.client.post(&block, &json!({})).await.ok(204);
        } else {
            ana.client.delete(&block).await.ok(204);
        }
        let event = phone.wait_for("block_updated").await;
        assert_eq!((&event["user_id"], &event["is_blocked"]), (&json!(bo.id), &json!(is_blocked)));
        assert_eq!(event["channel_id"], direct.as_str());
        versions.push(event["version"].as_u64().expect("a version"));
    }
    assert!(versions.is_sorted_by(|a, b| a < b), "{versions:?}");
    his.receive_until_pong().await;
    assert_eq!((his.count("direct_channel_updated"), his.count("block_updated")), (0, 0));
}
