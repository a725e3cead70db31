use serde_json::{Value, json};

use crate::world::{ClientSocket, Teammate, World, team::Channel};

/// A team whose channel has a message and two replies to it. The first reply is close to the message, the second one is
/// on another page of the history.
struct Thread {
    ana: Teammate,
    bo: Teammate,
    channel: Channel,
    /// A term that only the two replies contain.
    term: String,
    replied: Value,
    replies: [Value; 2],
}

fn path(message: &Value) -> String {
    format!("/v1/messages/{}", message["id"].as_str().expect("an id"))
}

impl Thread {
    async fn start(world: &World) -> Self {
        let (ana, bo) = (world.teammate("ana").await, world.teammate("bo").await);
        let channel = ana.create_public_channel().await;
        bo.join_channel(&channel).await;
        let term = format!("stilt{}", &channel.id[..8]);
        let replied = bo.send_message(&channel, "the key is 4711").await;
        let reply = async |content: &str| {
            let content = format!("{content} {term} @{}", bo.username);
            let body = json!({ "channel_id": channel.id, "content": content, "reply_to_id": replied["id"] });
            ana.client.post("/v1/messages", &body).await.ok(201)
        };
        let near = reply("one").await;
        ana.send_message(&channel, "in between").await;
        let far = reply("two").await;
        let pin = format!("{}/pin", path(&far));
        ana.client.put(&pin, &json!({})).await.ok(200);
        Self { ana, bo, channel, term, replied, replies: [near, far] }
    }

    /// Checks every list of messages and every read of one, whose previews must all be the same, and returns it.
    async fn preview_everywhere(&self) -> Value {
        let id = &self.channel.id;
        let listed_until = async |path: String, count: usize| {
            let is_complete = |items: &[Value]| {
                let replies = items.iter().filter(|item| item["reply_to_id"] == self.replied["id"]);
                replies.count() == count
            };
            let body = self
                .bo
                .client
                .get_until(&path, |body| body["items"].as_array().is_some_and(|items| is_complete(items)));
            body.await["items"].as_array().expect("items").clone()
        };
        let mut shown = Vec::new();
        for (path, count) in [
            (format!("/v1/messages/channel/{id}"), 2),
            (format!("/v1/messages/channel/{id}?limit=1"), 1),
            (format!("/v1/messages/channel/{id}?after=1&limit=1"), 1),
            (format!("/v1/messages/search?q={}", self.term), 2),
            (format!("{}/replies", path(&self.replied)), 2),
            (format!("/v1/channels/{id}/pins"), 1),
            (format!("/v1/messages/search?q={}&channel_id={id}", self.term), 2),
        ] {
            let items = listed_until(path.clone(), count).await;
            shown.extend(items.into_iter().map(|item| (path.clone(), item)));
        }
        let mentions = "/v1/messages/mentions/my".to_owned();
        for item in listed_until(mentions.clone(), 2).await {
            shown.push((mentions.clone(), item));
        }
        for reply in &self.replies {
            shown.push((path(reply), self.bo.client.get(&path(reply)).await.ok(200)));
        }
        shown.retain(|(_, item)| item["reply_to_id"] == self.replied["id"]);
        let preview = shown[0].1["reply_preview"].clone();
        for (path, item) in &shown {
            assert_eq!(item["reply_preview"], preview, "{path}");
        }
        preview
    }

    /// Returns the previews of the replies in the replay for a client that has nothing.
    async fn replayed_previews(&self, socket: &mut ClientSocket) -> Vec<Value> {
        let since = json!({ "channel_id": self.channel.id, "since": { "seq": 0, "change": 0 } });
        let before = socket.received.len();
        socket.send("join_channel", since).await;
        socket.wait_for("channel_joined").await;
        let replays = socket.received[before..].iter().filter(|event| event.kind == "channel_changes");
        let messages = replays.flat_map(|event| event.payload["messages"].as_array().expect("messages"));
        let replies = messages.filter(|message| message["reply_to_id"] == self.replied["id"]);
        replies.map(|reply| reply["reply_preview"].clone()).collect()
    }
}

#[tokio::test]
async fn reply_previews_show_the_edited_text() {
    let world = World::start().await;
    let thread = Thread::start(&world).await;
    let Thread { ana, bo, .. } = &thread;
    let mut socket = ana.connect_to_team().await;
    let preview = |content: &str, version: u64| {
        json!({
            "user_id": bo.id, "username": bo.username, "content": content, "is_deleted": false, "version": version,
        })
    };
    assert_eq!(thread.preview_everywhere().await, preview("the key is 4711", 1));

    let long = "the key is under the mat ".repeat(8);
    bo.client.put(&path(&thread.replied), &json!({ "content": long })).await.ok(200);
    let edited = preview(&long[..100], 2);
    assert_eq!(thread.preview_everywhere().await, edited);
    assert_eq!(thread.replayed_previews(&mut socket).await, [edited.clone(), edited]);
}

#[tokio::test]
async fn a_deleted_text_is_gone_from_reply_previews() {
    let world = World::start().await;
    let thread = Thread::start(&world).await;
    let Thread { ana, bo, replies, .. } = &thread;
    let mut socket = bo.connect_to_team().await;
    // ana owns the channel and moderates it
    ana.client.delete(&format!("{}?reason=secret", path(&thread.replied))).await.ok(200);
    let deleted = socket.wait_for("message_deleted").await;
    assert_eq!(deleted["message_id"], replies[0]["reply_to_id"], "clients find the replies by it");
    let gone = json!({
        "user_id": bo.id, "username": bo.username, "content": "", "is_deleted": true, "version": deleted["version"],
    });
    assert_eq!(thread.preview_everywhere().await, gone);
    assert_eq!(thread.replayed_previews(&mut socket).await, [gone.clone(), gone.clone()]);

    // responses and events of changes to the reply itself
    let edited = ana.client.put(&path(&replies[0]), &json!({ "content": "two words" })).await.ok(200);
    assert_eq!(edited["reply_preview"], gone);
    let event = socket.wait_for_where("message_edited", |event| event["id"] == replies[0]["id"]).await;
    assert_eq!(event["reply_preview"], gone);
    let pinned = ana.client.put(&format!("{}/pin", path(&replies[0])), &json!({})).await.ok(200);
    assert_eq!(pinned["reply_preview"], gone);
    let event = socket.wait_for_where("message_edited", |event| event["is_pinned"] == true).await;
    assert_eq!(event["reply_preview"], gone);
    // a deleted reply shows it as well
    ana.client.delete(&path(&replies[0])).await.ok(200);
    assert_eq!(ana.client.get(&path(&replies[0])).await.ok(200)["reply_preview"], gone);
}

/// Deletes the message between two attempts to send the same reply.
#[tokio::test]
async fn a_retried_reply_has_no_deleted_text() {
    let world = World::start().await;
    let ana = world.teammate("ana").await;
    let channel = ana.create_public_channel().await;
    let mut socket = ana.connect_to_team().await;
    let replied = ana.send_message(&channel, "4711").await;
    let body = json!({
        "channel_id": channel.id, "content": "thanks", "client_msg_id": "a:1", "reply_to_id": replied["id"],
    });
    let first = ana.client.post("/v1/messages", &body).await.ok(201);
    assert_eq!(first["reply_preview"]["content"], "4711");
    let is_reply = |event: &Value| event["id"] == first["id"];
    let event = socket.wait_for_where("new_message", is_reply).await;
    assert_eq!(event["reply_preview"], first["reply_preview"]);
    ana.client.delete(&path(&replied)).await.ok(200);
    let again = ana.client.post("/v1/messages", &body).await.ok(200);
    let preview = &again["reply_preview"];
    assert_eq!((&preview["content"], &preview["is_deleted"]), (&json!(""), &json!(true)));
    let event = socket.wait_for_where("new_message", is_reply).await;
    assert_eq!(event["reply_preview"], *preview);
}
