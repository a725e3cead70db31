use serde_json::json;

use super::{Row, Scene, Sent, Subject};
use crate::world::{User, World, team::Channel};

pub(super) const SUBJECT: Subject = Subject { answers: ANSWERS, body, parameter };

/// The channel is private: an admin knows no more of it than a stranger, but what the admin routes are for.
const ANSWERS: &[Row] = &[];

/// Someone with an account and a user name.
pub(super) async fn teammate(world: &World, called: &str) -> User {
    let user = world.user(called).await;
    name(&user).await;
    user
}

/// Takes somebody into the team.
pub(super) async fn name(user: &User) {
    let name = format!("u{:016x}", rand::random::<u64>());
    user.client.patch("/v1/users/me", &json!({ "username": name })).await.ok(200);
}

/// A private channel of the owner with a second member and a message.
pub(super) struct Team {
    pub(super) channel: Channel,
    pub(super) message: String,
    /// Is in the channel.
    pub(super) member: String,
}

impl Team {
    pub(super) async fn set(owner: &User, member: &User) -> Self {
        let name = format!("herons-{:016x}", rand::random::<u64>());
        let made = json!({ "name": name, "is_private": true });
        let made = owner.client.post("/v1/channels", &made).await.ok(201);
        let channel = Channel { id: made["id"].as_str().unwrap().to_owned(), name };
        let path = format!("/v1/channels/{}/add-user", channel.id);
        owner.client.post(&path, &json!({ "user_id": member.id })).await.ok(200);
        let message = json!({ "channel_id": channel.id, "content": "herons nest" });
        let message = owner.client.post("/v1/messages", &message).await.ok(201);
        Self { channel, message: message["id"].as_str().unwrap().to_owned(), member: member.id.clone() }
    }
}

fn parameter<'s>(scene: &'s Scene, template: &str, name: &str) -> Option<&'s str> {
    let team = &scene.team;
    match name {
        "id" if template.starts_with("/v1/channels/") => Some(&team.channel.id),
        "channel_id" => Some(&team.channel.id),
        "id" if template.starts_with("/v1/messages/") || template.starts_with("/v1/admin/messages/") => {
            Some(&team.message)
        }
        "user_id" if template.starts_with("/v1/channels/") => Some(&team.member),
        "emoji" => Some("%F0%9F%91%8D"),
        _ => None,
    }
}

fn body(scene: &Scene, operation: &str) -> Option<Sent> {
    let Scene { team, .. } = scene;
    let (channel, message) = (&team.channel.id, &team.message);
    Some(Sent::Json(match operation {
        "create_channel" => json!({ "name": format!("otters-{:016x}", rand::random::<u64>()) }),
        "update_channel" | "replace_channel" => json!({ "description": "Everything with long legs" }),
        "join_channel" => json!({ "channel_id": channel }),
        "add_member" | "open_direct_channel" => json!({ "user_id": team.member }),
        "update_member" => json!({ "role": "moderator" }),
        "mark_read" => json!({ "seq": 1 }),
        "set_notifications" => json!({ "notify": "mentions" }),
        "send_message" => json!({ "channel_id": channel, "content": "hello" }),
        "edit_message" | "edit_message_patch" => json!({ "content": "herons nest in trees" }),
        "toggle_reaction" => json!({ "message_id": message, "emoji": "👍" }),
        "validate_format" => json!({ "content": "**bold**" }),
        "put_draft" => json!({ "content": "They" }),
        "put_preferences" => json!({ "mail_digest": "daily", "quiet_hours": null }),
        _ => return None,
    }))
}
