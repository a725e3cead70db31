//! A team, its channels, and what is said there.

use std::ops::Deref;

use rand::RngExt;
use serde_json::{Value, json};

use super::{ClientSocket, User, World};

/// Someone of the team: an account with a user name.
pub(crate) struct Teammate {
    user: User,
    pub(crate) username: String,
}

impl Deref for Teammate {
    type Target = User;
    fn deref(&self) -> &User {
        &self.user
    }
}

/// A channel that a story made.
#[derive(Clone)]
pub(crate) struct Channel {
    pub(crate) id: String,
    pub(crate) name: String,
}

impl World {
    /// Signs up someone of the team.
    pub(crate) async fn teammate(&self, name: &str) -> Teammate {
        let user = self.user(name).await;
        let username = format!("{name}_{:08x}", rand::rng().random::<u32>());
        user.client.patch("/v1/users/me", &json!({ "username": username })).await.ok(200);
        Teammate { user, username }
    }
}

impl User {
    /// A socket of the team, before anything was read.
    pub(crate) async fn connect_to_team_unread(&self) -> ClientSocket {
        let ticket = self.client.post("/v1/realtime/tickets", &json!({})).await.ok(201);
        ClientSocket::open(ticket["websocket_url"].as_str().expect("a URL")).await
    }

    /// A channel of theirs, as it was answered, under a name that nobody else of this run has.
    pub(crate) async fn create_channel(&self, is_private: bool) -> Value {
        let name = format!("herons-{:016x}", rand::rng().random::<u64>());
        let body = json!({ "name": name, "is_private": is_private });
        self.client.post("/v1/channels", &body).await.ok(201)
    }

    /// A channel as one's list of channels has it.
    pub(crate) async fn my_channel(&self, channel: &str) -> Option<Value> {
        let mine = self.client.get("/v1/channels/my").await.ok(200);
        mine["items"].as_array().expect("items").iter().find(|item| item["id"] == channel).cloned()
    }

    /// A socket of the team, and what it was welcomed with.
    pub(crate) async fn connect_with_state(&self) -> (ClientSocket, Value) {
        let mut socket = self.connect_to_team_unread().await;
        let established = socket.wait_for("connection_established").await;
        assert_eq!(established["user_id"], self.id.as_str(), "{established}");
        (socket, established)
    }

    /// A socket of the team, welcomed.
    pub(crate) async fn connect_to_team(&self) -> ClientSocket {
        self.connect_with_state().await.0
    }

    pub(crate) async fn create_public_channel(&self) -> Channel {
        Channel::from_response(&self.create_channel(false).await)
    }

    pub(crate) async fn create_private_channel(&self) -> Channel {
        Channel::from_response(&self.create_channel(true).await)
    }
}

impl User {
    /// A channel of theirs that the others are in too; its id.
    pub(crate) async fn create_channel_with(&self, others: &[&Self]) -> String {
        let channel = self.create_public_channel().await;
        for other in others {
            other.join_channel(&channel).await;
        }
        channel.id
    }

    pub(crate) async fn join_channel(&self, channel: impl AsRef<str>) {
        let body = json!({ "channel_id": channel.as_ref() });
        self.client.post("/v1/channels/join", &body).await.ok(200);
    }

    /// Takes somebody into a channel.
    pub(crate) async fn add_member(&self, channel: impl AsRef<str>, other: &Self) {
        let path = format!("/v1/channels/{}/add-user", channel.as_ref());
        self.client.post(&path, &json!({ "user_id": other.id })).await.ok(200);
    }

    pub(crate) async fn send_message(&self, channel: impl AsRef<str>, content: &str) -> Value {
        let body = json!({ "channel_id": channel.as_ref(), "content": content });
        self.client.post("/v1/messages", &body).await.ok(201)
    }

    /// The messages of a channel, oldest first.
    pub(crate) async fn messages(&self, channel: impl AsRef<str>) -> Vec<Value> {
        let path = format!("/v1/messages/channel/{}?limit=100", channel.as_ref());
        let page = self.client.get(&path).await.ok(200);
        page["items"].as_array().expect("items").clone()
    }

    /// The channel as one's list of channels has it.
    pub(crate) async fn listed_channel(&self, channel: &Channel) -> Option<Value> {
        self.my_channel(&channel.id).await
    }
}

impl AsRef<str> for Channel {
    fn as_ref(&self) -> &str {
        &self.id
    }
}

impl Channel {
    fn from_response(answer: &Value) -> Self {
        let text = |field: &str| answer[field].as_str().expect("a text").to_owned();
        Self { id: text("id"), name: text("name") }
    }
}
