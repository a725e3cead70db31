use serde_json::json;

use super::CostTable;
use crate::world::World;

/// Two members of a team share a private channel and are connected.
pub(super) async fn measure(world: &World, table: &mut CostTable) {
    let (ana, bo) = (world.teammate("ana").await, world.teammate("bo").await);
    world.wait_for_jobs().await;
    let channel = ana.create_private_channel().await;
    table.add_request("create a channel", "/channels");
    ana.add_member(&channel, &bo).await;
    table.add_request("add a user to a channel", "/add-user");
    let mut ana_socket = ana.connect_to_team().await;
    table.add_message("connect to the team", "$connect");
    world.wait_for_jobs().await;
    let _bo_socket = bo.connect_to_team().await;
    world.wait_for_jobs().await;
    table.add_job("publish the presence of a second, 1 change in a team of 2", "publish_presence");
    ana.send_message(&channel, "Where do they nest?").await;
    let message = ana.send_message(&channel, "In high trees, along the water").await;
    table.add_request("send a message", "/messages");
    world.wait_for_jobs().await;
    for number in 3..=50 {
        ana.send_message(&channel, &format!("message {number}")).await;
        // faster messages would exceed the limit of one member
        if number % 15 == 0 {
            world.local_cloud().clock().advance(std::time::Duration::from_secs(11));
        }
    }
    world.wait_for_jobs().await;
    let path = format!("/v1/messages/channel/{}", channel.id);
    bo.client.get(&format!("{path}?limit=50")).await.ok(200);
    table.add_request("list 50 messages", &path);
    bo.client.get("/v1/channels/my").await.ok(200);
    table.add_request("open the app, 3 channels, one of them unread", "/channels/my");
    let read = json!({ "seq": 50 });
    bo.client.put(&format!("/v1/channels/{}/read", channel.id), &read).await.ok(200);
    table.add_request("mark a channel as read", "/read");
    bo.client.get("/v1/channels/my").await.ok(200);
    table.add_request("open the app, 3 channels, all read", "/channels/my");
    let id = message["id"].as_str().unwrap();
    let one = format!("/v1/messages/{id}");
    let reaction = json!({ "message_id": id, "emoji": "👍" });
    bo.client.post("/v1/messages/reactions", &reaction).await.ok(200);
    table.add_request("react to a message", "/reactions");
    ana.client.put(&one, &json!({ "content": "In high trees, near water" })).await.ok(200);
    table.add_request("edit a message", &one);
    world.wait_for_jobs().await;
    ana.client.get("/v1/messages/search?q=trees").await.ok(200);
    table.add_request("search for one word, one message", "/search");
    bo.client.get("/v1/messages/mentions/my").await.ok(200);
    table.add_request("list no mentions", "/mentions/my");
    let draft = format!("/v1/channels/{}/draft", channel.id);
    bo.client.put(&draft, &json!({ "content": "They" })).await.ok(200);
    table.add_request("save a draft", &draft);
    let since = json!({ "channel_id": channel.id, "since": { "seq": 50, "change": 2 } });
    ana_socket.send("join_channel", since).await;
    ana_socket.wait_for("channel_joined").await;
    table.lines.wait_for("join_channel", 1).await;
    table.add_message("rejoin a channel, nothing missed", "join_channel");
    let typing = json!({ "channel_id": channel.id, "is_typing": true });
    ana_socket.send("typing_indicator", typing).await;
    table.lines.wait_for("typing_indicator", 1).await;
    table.add_message("type in a channel of 2", "typing_indicator");
    ana.client.delete(&one).await.ok(200);
    table.add_request("delete a message", &one);
    let direct = ana.client.post("/v1/channels/direct", &json!({ "user_id": bo.id })).await.ok(201);
    table.add_request("open a direct channel", "/channels/direct");
    let direct = direct["id"].as_str().unwrap();
    ana.send_message(direct, "Are they back?").await;
    table.add_request("send the first message of a direct channel", "/messages");
    ana.send_message(direct, "I saw one").await;
    table.add_request("send a message to a direct channel", "/messages");
    bo.client.post(&format!("/v1/channels/{direct}/hide"), &json!({})).await.ok(204);
    table.add_request("hide a direct channel", "/hide");
    bo.client.post(&format!("/v1/channels/{direct}/unhide"), &json!({})).await.ok(204);
    table.add_request("show a hidden direct channel", "/unhide");
    let block = format!("/v1/users/{}/block", ana.id);
    bo.client.post(&block, &json!({})).await.ok(204);
    table.add_request("block a user", "/block");
    bo.client.delete(&block).await.ok(204);
    table.add_request("unblock a user", "/block");
}
