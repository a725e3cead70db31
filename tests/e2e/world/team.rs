//! Teams, channels and messages.

use std::ops::Deref;

use rand::RngExt;
use serde_json::{Value, json};

use super::{ClientSocket, User, World};

/// A member of the team, which is an account with a user name.
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

/// A channel that a story created.
#[derive(Clone)]
pub(crate) struct Channel {
    pub(crate) id: String,
    pub(crate) name: String,
}

impl World {
    /// Signs up a member of the team.
    pub(crate) async fn teammate(&self, name: &str) -> Teammate {
        let user = self.user(name).await;
        let username = format!("{name}_{:08x}", rand::rng().random::<u32>());
        user.client.patch("/v1/users/me", &json!({ "username": username })).await.ok(200);
        Teammate { user, username }
    }
}

impl User {
    /// Opens a socket of the team and reads no frame.
    pub(crate) async fn connect_to_team_unread(&self) -> ClientSocket {
        let ticket = self.client.post("/v1/realtime/tickets", &json!({})).await.ok(201);
        ClientSocket::open(ticket["websocket_url"].as_str().expect("a URL")).await
    }

    /// Opens a socket of the team that receives presence as a state, and reads no frame.
    pub(crate) async fn connect_for_state(&self) -> ClientSocket {
        let body = json!({ "presence": "state" });
        let ticket = self.client.post("/v1/realtime/tickets", &body).await.ok(201);
        ClientSocket::open(ticket["websocket_url"].as_str().expect("a URL")).await
    }

    /// Creates a channel with a name that is unique in this run. Returns the response.
    pub(crate) async fn create_channel(&self, is_private: bool) -> Value {
        let name = format!("herons-{:016x}", rand::rng().random::<u64>());
        let body = json!({ "name": name, "is_private": is_private });
        self.client.post("/v1/channels", &body).await.ok(201)
    }

    /// Returns the entry of a channel in the user's list of channels.
    pub(crate) async fn my_channel(&self, channel: &str) -> Option<Value> {
        let mine = self.client.get("/v1/channels/my").await.ok(200);
        mine["items"].as_array().expect("items").iter().find(|item| item["id"] == channel).cloned()
    }

    /// Opens a socket of the team and returns it with the payload of `connection_established`.
    pub(crate) async fn connect_with_state(&self) -> (ClientSocket, Value) {
        let mut socket = self.connect_to_team_unread().await;
        let established = socket.wait_for("connection_established").await;
        assert_eq!(established["user_id"], self.id.as_str(), "{established}");
        (socket, established)
    }

    /// Opens a socket of the team and reads `connection_established`.
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
    /// Creates a channel that the others join. Returns its id.
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

    /// Adds another user to a channel.
    pub(crate) async fn add_member(&self, channel: impl AsRef<str>, other: &Self) {
        let path = format!("/v1/channels/{}/add-user", channel.as_ref());
        self.client.post(&path, &json!({ "user_id": other.id })).await.ok(200);
    }

    pub(crate) async fn send_message(&self, channel: impl AsRef<str>, content: &str) -> Value {
        let body = json!({ "channel_id": channel.as_ref(), "content": content });
        self.client.post("/v1/messages", &body).await.ok(201)
    }

    /// Returns the messages of a channel, oldest first.
    pub(crate) async fn messages(&self, channel: impl AsRef<str>) -> Vec<Value> {
        let path = format!("/v1/messages/channel/{}?limit=100", channel.as_ref());
        let page = self.client.get(&path).await.ok(200);
        page["items"].as_array().expect("items").clone()
    }

    /// Returns the entry of the channel in the user's list of channels.
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
