use serde_json::json;

use super::{RequestBody, RouteDomain, RouteRow, RouteScene};
use crate::world::{User, World, team::Channel};

pub(super) const DOMAIN: RouteDomain = RouteDomain { rows: ROWS, body, parameter };

/// The channel is private. An admin has the access of a stranger to it, except through the admin routes.
const ROWS: &[RouteRow] = &[
    ("list_channels", [401, 200, 200, 401, 200]),
    ("create_channel", [401, 201, 409, 401, 409]),
    ("list_drafts", [401, 200, 200, 401, 200]),
    ("list_my_channels", [401, 200, 200, 401, 200]),
    ("list_online_users", [401, 200, 200, 401, 200]),
    ("list_available_users", [401, 200, 200, 401, 200]),
    ("list_my_mentions", [401, 200, 200, 401, 200]),
    ("validate_format", [401, 200, 200, 401, 200]),
    ("get_preferences", [401, 200, 200, 401, 200]),
    ("put_preferences", [401, 200, 200, 401, 200]),
    ("unsubscribe", [400, 400, 400, 400, 400]),
    ("open_unsubscribe_page", [303, 303, 303, 303, 303]),
    ("search_messages", [401, 200, 200, 401, 200]),
    ("open_direct_channel", [401, 201, 201, 401, 201]),
    ("list_blocks", [401, 200, 200, 401, 200]),
    ("block_user", [401, 204, 204, 401, 204]),
    ("unblock_user", [401, 204, 204, 401, 204]),
    ("hide_channel", [401, 404, 404, 401, 204]),
    ("unhide_channel", [401, 404, 404, 401, 204]),
    ("join_channel", [401, 404, 404, 401, 200]),
    ("get_channel", [401, 404, 404, 401, 200]),
    ("put_channel", [401, 404, 404, 401, 200]),
    ("delete_channel", [401, 404, 404, 401, 204]),
    ("update_channel", [401, 404, 404, 401, 200]),
    ("add_user_to_channel", [401, 404, 404, 401, 200]),
    ("archive_channel", [401, 404, 404, 401, 200]),
    ("get_draft", [401, 404, 404, 401, 404]),
    ("put_draft", [401, 404, 404, 401, 200]),
    ("join_this_channel", [401, 404, 404, 401, 200]),
    ("leave_channel", [401, 404, 404, 401, 409]),
    ("list_channel_members", [401, 404, 404, 401, 200]),
    ("remove_channel_member", [401, 404, 404, 401, 204]),
    ("update_channel_member", [401, 404, 404, 401, 200]),
    ("update_channel_notifications", [401, 404, 404, 401, 200]),
    ("list_pins", [401, 404, 404, 401, 200]),
    ("mark_channel_read", [401, 404, 404, 401, 200]),
    ("unarchive_channel", [401, 404, 404, 401, 200]),
    ("send_message", [401, 404, 404, 401, 201]),
    ("list_messages", [401, 404, 404, 401, 200]),
    ("toggle_reaction", [401, 404, 404, 401, 200]),
    ("get_message", [401, 404, 404, 401, 200]),
    ("replace_message", [401, 404, 404, 401, 200]),
    ("delete_message", [401, 404, 404, 401, 200]),
    ("edit_message", [401, 404, 404, 401, 200]),
    ("pin_message", [401, 404, 404, 401, 200]),
    ("unpin_message", [401, 404, 404, 401, 200]),
    ("add_reaction", [401, 404, 404, 401, 200]),
    ("remove_reaction", [401, 404, 404, 401, 200]),
    ("list_replies", [401, 404, 404, 401, 200]),
    ("admin_delete_message", [401, 403, 200, 401, 403]),
];

/// Creates an account with a user name.
pub(crate) async fn teammate(world: &World, called: &str) -> User {
    let user = world.user(called).await;
    choose_user_name(&user).await;
    user
}

/// Adds the user to the team by a user name.
pub(super) async fn choose_user_name(user: &User) {
    let name = format!("u{:016x}", rand::random::<u64>());
    user.client.patch("/v1/users/me", &json!({ "username": name })).await.ok(200);
}

/// A private channel of the owner with a second member and a message.
pub(crate) struct ChatScene {
    pub(crate) channel: Channel,
    pub(crate) message: String,
    /// The id of a direct channel that the owner opened.
    direct: String,
    /// The id of the second member.
    pub(crate) member: String,
}

impl ChatScene {
    pub(super) async fn create(owner: &User, stranger: &User, member: &User, name: &str) -> Self {
        let made = json!({ "name": name, "is_private": true });
        let made = owner.client.post("/v1/channels", &made).await.ok(201);
        let channel = Channel { id: made["id"].as_str().unwrap().to_owned(), name: name.to_owned() };
        let path = format!("/v1/channels/{}/add-user", channel.id);
        owner.client.post(&path, &json!({ "user_id": member.id })).await.ok(200);
        let message = json!({ "channel_id": channel.id, "content": "herons nest" });
        let message = owner.client.post("/v1/messages", &message).await.ok(201);
        let direct =
            owner.client.post("/v1/channels/direct", &json!({ "user_id": stranger.id })).await.ok(201);
        let direct = direct["id"].as_str().unwrap().to_owned();
        Self {
            channel,
            direct,
            message: message["id"].as_str().unwrap().to_owned(),
            member: member.id.clone(),
        }
    }
}

fn parameter<'s>(scene: &'s RouteScene, template: &str, name: &str) -> Option<&'s str> {
    let team = &scene.chat;
    match name {
        "id" if template.ends_with("hide") => Some(&team.direct),
        "id" if template.ends_with("/block") => Some(&team.member),
        "id" if template.starts_with("/v1/channels/") || template.starts_with("/v1/messages/channel/") => {
            Some(&team.channel.id)
        }
        "id" if template.starts_with("/v1/messages/") || template.starts_with("/v1/admin/messages/") => {
            Some(&team.message)
        }
        "user_id" if template.starts_with("/v1/channels/") => Some(&team.member),
        "emoji" => Some("%F0%9F%91%8D"),
        _ => None,
    }
}

fn body(scene: &RouteScene, operation: &str) -> Option<RequestBody> {
    let RouteScene { chat: team, .. } = scene;
    let (channel, message) = (&team.channel.id, &team.message);
    Some(RequestBody::Json(match operation {
        "create_channel" => json!({ "name": format!("otters-{:016x}", rand::random::<u64>()) }),
        "update_channel" | "put_channel" => json!({ "description": "Everything with long legs" }),
        "join_channel" => json!({ "channel_id": channel }),
        "add_user_to_channel" | "open_direct_channel" => json!({ "user_id": team.member }),
        "update_channel_member" => json!({ "role": "moderator" }),
        "mark_channel_read" => json!({ "seq": 1 }),
        "update_channel_notifications" => json!({ "notify": "mentions" }),
        "send_message" => json!({ "channel_id": channel, "content": "hello" }),
        "edit_message" | "replace_message" => json!({ "content": "herons nest in trees" }),
        "toggle_reaction" => json!({ "message_id": message, "emoji": "👍" }),
        "validate_format" => json!({ "content": "**bold**" }),
        "put_draft" => json!({ "content": "They" }),
        "put_preferences" => json!({ "mail_digest": "daily", "quiet_hours": null }),
        _ => return None,
    }))
}
