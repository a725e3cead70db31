use serde_json::json;

use super::{CallOptions, Recorder, RouteScene};
use crate::world::{User, mail::token_of};

pub(super) async fn record(recorder: &mut Recorder<'_>, scene: &mut RouteScene, member: &User) {
    let owner = scene.owner.client.clone();
    record_channels(recorder, scene, member).await;
    record_messages(recorder, scene, member).await;
    recorder.record(scene, &owner, "update_channel_member").await;
    recorder.record(scene, &member.client, "leave_channel").await;
    recorder.record(scene, &owner, "add_user_to_channel").await;
    for operation in ["remove_channel_member", "archive_channel", "unarchive_channel", "delete_channel"] {
        recorder.record(scene, &owner, operation).await;
    }
}

async fn record_channels(recorder: &mut Recorder<'_>, scene: &RouteScene, member: &User) {
    let owner = scene.owner.client.clone();
    let body = json!({ "name": "otters", "description": "Everything that swims" });
    let options = CallOptions { body: Some(body), ..CallOptions::default() };
    recorder.record_with(scene, &owner, "create_channel", options).await;
    let _socket = member.connect_to_team().await;
    let operations = [
        "join_channel",
        "join_this_channel",
        "put_draft",
        "get_draft",
        "list_drafts",
        "list_channels",
        "list_my_channels",
        "list_online_users",
        "list_available_users",
        "get_channel",
        "put_channel",
        "update_channel",
        "list_channel_members",
        "update_channel_notifications",
        "open_direct_channel",
        "hide_channel",
        "unhide_channel",
        "block_user",
        "list_blocks",
        "unblock_user",
        "get_preferences",
        "put_preferences",
    ];
    for operation in operations {
        recorder.record(scene, &owner, operation).await;
    }
    let mails = recorder.world.mails_to(&scene.owner.email).await;
    let report = mails.iter().find(|mail| mail.subject.contains("report")).expect("the mail of a report");
    let query = format!("?token={}", token_of(report, "/unsubscribe"));
    for operation in ["open_unsubscribe_page", "unsubscribe"] {
        let options = CallOptions { query: query.clone().into(), ..CallOptions::default() };
        recorder.record_with(scene, &recorder.world.anonymous(), operation, options).await;
    }
}

async fn record_messages(recorder: &mut Recorder<'_>, scene: &mut RouteScene, member: &User) {
    let owner = scene.owner.client.clone();
    let reply = json!({
        "channel_id": scene.chat.channel.id, "content": "@ana where do they nest?", "reply_to_id": scene.chat.message,
    });
    member.client.post("/v1/messages", &reply).await.ok(201);
    let operations = [
        "add_reaction",
        "pin_message",
        "list_pins",
        "list_replies",
        "list_my_mentions",
        "get_message",
        "list_messages",
        "search_messages",
        "validate_format",
        "edit_message",
        "replace_message",
        "remove_reaction",
        "toggle_reaction",
        "unpin_message",
        "send_message",
        "mark_channel_read",
        "delete_message",
    ];
    for operation in operations {
        recorder.record(scene, &owner, operation).await;
    }
    let message = scene.owner.send_message(&scene.chat.channel, "herons nest in trees").await;
    scene.chat.message = message["id"].as_str().unwrap().into();
    let admin = scene.admin.client.clone();
    recorder.record(scene, &admin, "admin_delete_message").await;
}
