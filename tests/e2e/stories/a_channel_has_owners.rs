use reqwest::Method;
use serde_json::{Value, json};

use crate::world::{Teammate, World, team::Channel};

/// What a caller may do with a channel, as the statuses of the responses.
struct ChannelRights<'a> {
    name: &'static str,
    caller: &'a Teammate,
    edit: u16,
    archive: u16,
    set_role: u16,
}

fn channel_path(channel: &Channel) -> String {
    format!("/api/v1/channels/{}", channel.id)
}

fn member_path(channel: &Channel, who: &Teammate) -> String {
    format!("{}/members/{}", channel_path(channel), who.id)
}

async fn set_role(owner: &Teammate, channel: &Channel, who: &Teammate, role: &str) -> Value {
    owner.client.patch(&member_path(channel, who), &json!({ "role": role })).await.ok(200)
}

async fn member_roles(who: &Teammate, channel: &Channel) -> Vec<(String, String)> {
    let seen = who.client.get(&channel_path(channel)).await.ok(200);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let members = seen["members"].as_array().unwrap().iter();
    members.map(|member| (text(&member["username"]), text(&member["role"]))).collect()
}

#[tokio::test]
async fn channel_roles_decide_permissions() {
    let world = World::start().await;
    let (ana, bo, cy) = (world.teammate("ana").await, world.teammate("bo").await, world.teammate("cy").await);
    let stranger = world.teammate("dee").await;
    let channel = ana.create_public_channel().await;
    for one in [&bo, &cy] {
        one.join_channel(&channel).await;
    }
    assert_eq!(set_role(&ana, &channel, &bo, "moderator").await["role"], "moderator");
    let expected = [(&ana, "owner"), (&bo, "moderator"), (&cy, "member")];
    let expected = expected.map(|(who, role)| (who.username.clone(), role.to_owned()));
    assert_eq!(member_roles(&cy, &channel).await, expected, "owners first");

    let base = channel_path(&channel);
    let description = json!({ "description": "of herons" });
    for ChannelRights { name, caller, edit, archive, set_role } in [
        ChannelRights { name: "a stranger", caller: &stranger, edit: 403, archive: 403, set_role: 403 },
        ChannelRights { name: "a member", caller: &cy, edit: 403, archive: 403, set_role: 403 },
        ChannelRights { name: "a moderator", caller: &bo, edit: 200, archive: 403, set_role: 403 },
        ChannelRights { name: "the owner", caller: &ana, edit: 200, archive: 200, set_role: 200 },
    ] {
        for method in [Method::PATCH, Method::PUT] {
            let answer = caller.client.request(method.clone(), &base).json(&description).send().await;
            assert_eq!(answer.status, edit, "{name} edits by {method}: {}", answer.text);
        }
        for step in ["archive", "unarchive"] {
            let answer = caller.client.post(&format!("{base}/{step}"), &json!({})).await;
            assert_eq!(answer.status, archive, "{name}, {step}: {}", answer.text);
        }
        let answer = caller.client.patch(&member_path(&channel, &cy), &json!({ "role": "member" })).await;
        assert_eq!(answer.status, set_role, "{name} sets a role: {}", answer.text);
    }
    for caller in [&stranger, &cy, &bo] {
        caller.client.delete(&base).await.refused(403, "FORBIDDEN");
    }
    // an owner removes members of a lower role only, and not themselves
    for (name, caller, target) in [
        ("a member removes a moderator", &cy, &bo),
        ("a moderator removes the owner", &bo, &ana),
        ("a moderator removes themselves", &bo, &bo),
        ("the owner removes themselves", &ana, &ana),
        ("a stranger removes a member", &stranger, &cy),
    ] {
        let answer = caller.client.delete(&member_path(&channel, target)).await;
        answer.in_row(name).refused(403, "FORBIDDEN");
    }
    // in a public channel any member adds members
    stranger
        .client
        .post(&format!("{base}/add-user"), &json!({ "user_id": stranger.id }))
        .await
        .refused(403, "FORBIDDEN");
    cy.add_member(&channel, &stranger).await;
    assert_eq!(member_roles(&ana, &channel).await.len(), 4);

    let mut socket = stranger.connect_to_team_unread().await;
    stranger.client.delete(&format!("{base}/leave")).await.ok(200);
    for _ in 0..2 {
        bo.client.delete(&member_path(&channel, &cy)).await.ok(204);
    }
    cy.client.put(&format!("{base}/read"), &json!({ "seq": 0 })).await.refused(404, "RESOURCE_NOT_FOUND");
    let seen = ana.client.get(&base).await.ok(200);
    assert_eq!((&seen["member_count"], &seen["description"]), (&json!(2), &json!("of herons")));
    socket.wait_for_where("user_left", |event| event["user_id"] == stranger.id.as_str()).await;
    for wrong in [json!({ "role": "king" }), json!({})] {
        let refused =
            ana.client.patch(&member_path(&channel, &bo), &wrong).await.refused(422, "VALIDATION_ERROR");
        assert_eq!(refused["fields"][0]["field"], "role");
    }
    let body = json!({ "role": "moderator" });
    ana.client.patch(&member_path(&channel, &cy), &body).await.refused(404, "RESOURCE_NOT_FOUND");
}

#[tokio::test]
async fn a_channel_with_members_keeps_an_owner() {
    let world = World::start().await;
    let (ana, bo) = (world.teammate("ana").await, world.teammate("bo").await);
    let channel = ana.create_public_channel().await;
    bo.join_channel(&channel).await;
    let leave = format!("{}/leave", channel_path(&channel));
    ana.client.delete(&leave).await.refused(409, "LAST_OWNER");
    let down = json!({ "role": "member" });
    ana.client.patch(&member_path(&channel, &ana), &down).await.refused(409, "LAST_OWNER");
    // two owners leave concurrently, and one of them succeeds
    set_role(&ana, &channel, &bo, "owner").await;
    let (one, other) = futures::join!(ana.client.delete(&leave), bo.client.delete(&leave));
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    if statuses == [200, 200] {
        // the requests ran one after the other, and the second owner was the last member
        let seen = ana.client.get(&channel_path(&channel)).await.ok(200);
        assert_eq!(seen["member_count"], 0, "{seen}");
    } else {
        assert_eq!(statuses, [200, 409], "{} {}", one.text, other.text);
    }
    // a caller who is no longer a member gets the same response on every retry
    let gone = if one.status == 200 { &ana } else { &bo };
    let left = gone.client.delete(&leave).await.ok(200);
    assert!(left["message"].as_str().unwrap().starts_with("not in"), "{left}");

    let private = ana.create_private_channel().await;
    ana.add_member(&private, &bo).await;
    ana.client.delete(&format!("{}/leave", channel_path(&private))).await.refused(409, "LAST_OWNER");
}

#[tokio::test]
async fn an_archived_channel_is_readable_and_not_joinable() {
    let world = World::start().await;
    let (ana, bo, cy) = (world.teammate("ana").await, world.teammate("bo").await, world.teammate("cy").await);
    let channel = ana.create_public_channel().await;
    bo.join_channel(&channel).await;
    let mut socket = bo.connect_to_team_unread().await;
    let base = channel_path(&channel);
    let mut dates = Vec::new();
    for _ in 0..2 {
        let archived = ana.client.post(&format!("{base}/archive"), &json!({})).await.ok(200);
        dates.push(archived["archived_at"].as_str().expect("a date").to_owned());
    }
    assert_eq!(dates[0], dates[1]);
    cy.client.post(&format!("{base}/join"), &json!({})).await.refused(409, "CHANNEL_ARCHIVED");
    bo.client
        .post(&format!("{base}/add-user"), &json!({ "user_id": cy.id }))
        .await
        .refused(409, "CHANNEL_ARCHIVED");
    ana.client.patch(&base, &json!({ "name": "other" })).await.refused(409, "CHANNEL_ARCHIVED");
    assert_eq!(bo.client.get(&base).await.ok(200)["members"].as_array().unwrap().len(), 2);
    assert_eq!(bo.listed_channel(&channel).await.unwrap()["archived_at"], dates[0].as_str());
    ana.client.post(&format!("{base}/unarchive"), &json!({})).await.ok(200);
    socket.receive_until_pong().await;
    cy.join_channel(&channel).await;
}

#[tokio::test]
async fn owners_rename_and_delete_channels() {
    let world = World::start().await;
    let (ana, bo) = (world.teammate("ana").await, world.teammate("bo").await);
    let (channel, other) = (ana.create_public_channel().await, bo.create_public_channel().await);
    bo.join_channel(&channel).await;
    let base = channel_path(&channel);
    let taken = json!({ "name": other.name.to_uppercase() });
    ana.client.patch(&base, &taken).await.refused(409, "CHANNEL_NAME_TAKEN");
    ana.client.patch(&base, &json!({ "name": "General" })).await.refused(409, "CHANNEL_NAME_TAKEN");
    let name = channel.name.to_uppercase();
    let renamed = ana.client.patch(&base, &json!({ "name": name, "description": "x" })).await.ok(200);
    assert_eq!(
        (&renamed["name"], &renamed["member_count"]),
        (&json!(name), &json!(2)),
        "the same name in capitals"
    );
    let name = format!("{}-2", channel.name);
    let renamed = ana.client.put(&base, &json!({ "name": name, "description": null })).await.ok(200);
    assert_eq!((&renamed["name"], &renamed["description"]), (&json!(name), &json!(null)));
    // the old name is free, the new one is taken
    bo.client.post("/v1/channels", &json!({ "name": channel.name })).await.ok(201);
    bo.client.post("/v1/channels", &json!({ "name": name })).await.refused(409, "CHANNEL_NAME_TAKEN");

    let general = ana.client.get("/v1/channels/my").await.ok(200)["items"][1].clone();
    assert_eq!(
        (&general["name"], &general["is_default"], &general["role"]),
        (&json!("general"), &json!(true), &json!("member"))
    );
    let path = format!("/v1/channels/{}", general["id"].as_str().unwrap());
    ana.client.delete(&path).await.refused(403, "FORBIDDEN");

    ana.client.delete(&base).await.ok(204);
    for who in [&ana, &bo] {
        who.client.get(&base).await.refused(404, "RESOURCE_NOT_FOUND");
        who.client.delete(&format!("{base}/leave")).await.refused(404, "RESOURCE_NOT_FOUND");
        assert!(who.listed_channel(&channel).await.is_none(), "{} has left", who.name);
    }
    bo.client.post("/v1/channels", &json!({ "name": name })).await.ok(201);
}

#[tokio::test]
async fn admins_manage_public_channels() {
    let Some((world, root)) = World::with_admin("admins and channels", "enterprise").await else { return };
    root.client.patch("/v1/users/me", &json!({ "username": "root" })).await.ok(200);
    let (ana, bo) = (world.teammate("ana").await, world.teammate("bo").await);
    let mine = ana.client.get("/v1/channels/my").await.ok(200);
    let general = format!("/v1/channels/{}", mine["items"][1]["id"].as_str().unwrap());
    let edit = json!({ "description": "Everything" });
    ana.client.patch(&general, &edit).await.refused(403, "FORBIDDEN");
    root.client.patch(&general, &edit).await.ok(200);
    root.client.patch(&general, &json!({ "name": "all" })).await.refused(409, "CONFLICT");
    root.client.delete(&general).await.refused(409, "CONFLICT");
    root.client.post(&format!("{general}/archive"), &json!({})).await.ok(200);
    root.client.post(&format!("{general}/unarchive"), &json!({})).await.ok(200);
    let (open, closed) = (ana.create_public_channel().await, ana.create_private_channel().await);
    bo.join_channel(&open).await;
    // an admin replaces an owner: they appoint another owner and remove the first
    root.client.delete(&member_path(&open, &ana)).await.refused(409, "LAST_OWNER");
    root.client.patch(&member_path(&open, &bo), &json!({ "role": "owner" })).await.ok(200);
    root.client.delete(&member_path(&open, &ana)).await.ok(204);
    assert_eq!(member_roles(&bo, &open).await, [(bo.username.clone(), "owner".to_owned())]);
    root.client.get(&channel_path(&closed)).await.refused(404, "RESOURCE_NOT_FOUND");
    root.client.delete(&channel_path(&open)).await.ok(204);
}

#[tokio::test]
async fn account_changes_reach_the_chat() {
    let world = World::start().await;
    let (ana, bo, cy) = (world.teammate("ana").await, world.teammate("bo").await, world.teammate("cy").await);
    let channel = ana.create_private_channel().await;
    for one in [&bo, &cy] {
        ana.add_member(&channel, one).await;
    }
    set_role(&ana, &channel, &cy, "moderator").await;
    let name = format!("ana2_{:08x}", rand::random::<u32>());
    ana.client.patch("/v1/users/me", &json!({ "username": name, "name": "Ana Lima" })).await.ok(200);
    let path = channel_path(&channel);
    let renamed =
        |seen: &Value| seen["members"][0]["username"] == name && seen["members"][0]["name"] == "Ana Lima";
    bo.client.get_until(&path, renamed).await;
    // the last member of a channel leaves, and the channel is deleted
    let alone = ana.create_private_channel().await;
    let direct = bo.client.post("/v1/channels/direct", &json!({ "user_id": ana.id })).await.ok(201);

    let body = json!({ "password": ana.password });
    ana.client.request(Method::DELETE, "/v1/users/me").json(&body).send().await.ok(204);
    let inherited = |seen: &Value| {
        let first = &seen["members"][0];
        seen["member_count"] == 2 && first["user_id"] == cy.id.as_str() && first["role"] == "owner"
    };
    bo.client.get_until(&path, inherited).await;
    let direct = format!("/v1/channels/{}", direct["id"].as_str().unwrap());
    bo.client.get_until(&direct, |seen| seen["member_count"] == 1).await;
    let again = async || bo.client.post("/v1/channels", &json!({ "name": alone.name })).await.status;
    let begun = std::time::Instant::now();
    while again().await != 201 {
        assert!(begun.elapsed() < crate::world::DEADLINE, "its name is not free");
    }
}
