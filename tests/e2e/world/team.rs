//! A team: people who have user names.

use rand::RngExt;
use serde_json::{Value, json};

use super::{Socket, User, World};

impl World {
    /// Signs somebody up for the team, under a user name that nobody else of this run has.
    pub(crate) async fn teammate(&self, name: &str) -> User {
        let user = self.user(name).await;
        let username = format!("{name}_{:010x}", rand::rng().random_range(0..1_u64 << 40));
        user.client.patch("/v1/users/me", &json!({ "username": username })).await.ok(200);
        user
    }
}

impl User {
    /// A channel of theirs, under a name that nobody else of this run has.
    pub(crate) async fn channel(&self, is_private: bool) -> Value {
        let name = format!("herons-{:016x}", rand::rng().random::<u64>());
        let body = json!({ "name": name, "is_private": is_private });
        self.client.post("/v1/channels", &body).await.ok(201)
    }

    /// Their role and the rest of a channel among those that they are in.
    pub(crate) async fn my(&self, channel: &str) -> Option<Value> {
        let mine = self.client.get("/v1/channels/my").await.ok(200);
        mine["items"].as_array().expect("items").iter().find(|item| item["id"] == channel).cloned()
    }

    /// A socket of the team's, before anything was read.
    pub(crate) async fn team_socket(&self) -> Socket {
        let ticket = self.client.post("/v1/realtime/tickets", &json!({})).await.ok(201);
        Socket::open(ticket["websocket_url"].as_str().expect("a websocket_url")).await
    }
}
