use reqwest::Method;
use serde_json::{Value, json};

use crate::world::{Teammate, World, team::Channel};

/// Returns every request for a channel.
fn all_requests(channel: &str, somebody: &str) -> Vec<(Method, String, Value)> {
    let base = format!("/api/v1/channels/{channel}");
    let member = format!("{base}/members/{somebody}");
    vec![
        (Method::GET, base.clone(), json!({})),
        (Method::PATCH, base.clone(), json!({ "description": "mine" })),
        (Method::PUT, base.clone(), json!({ "description": "mine" })),
        (Method::DELETE, base.clone(), json!({})),
        (Method::POST, format!("{base}/archive"), json!({})),
        (Method::POST, format!("{base}/unarchive"), json!({})),
        (Method::POST, format!("{base}/join"), json!({})),
        (Method::DELETE, format!("{base}/leave"), json!({})),
        (Method::POST, format!("{base}/add-user"), json!({ "user_id": somebody })),
        (Method::GET, format!("{base}/members"), json!({})),
        (Method::PATCH, member.clone(), json!({ "role": "owner" })),
        (Method::DELETE, member, json!({})),
        (Method::PUT, format!("{base}/read"), json!({ "seq": 0 })),
        (Method::PATCH, format!("{base}/notifications"), json!({ "notify": "nothing" })),
        (Method::POST, "/api/v1/channels/join".into(), json!({ "channel_id": channel })),
    ]
}

/// Checks that a hidden channel and a missing one get the same error.
async fn expect_not_found(who: &Teammate, channel: &str, somebody: &str) {
    let unknown = uuid::Uuid::from_u128(rand::random()).to_string();
    let pairs = all_requests(channel, somebody).into_iter().zip(all_requests(&unknown, somebody));
    for ((method, path, body), (_, other, _)) in pairs {
        let answer = who.client.request(method.clone(), &path).json(&body).send().await;
        let said = answer.refused(404, "RESOURCE_NOT_FOUND")["message"].clone();
        let answer = who.client.request(method, &other).json(&body).send().await;
        assert_eq!(answer.refused(404, "RESOURCE_NOT_FOUND")["message"], said, "{path}");
    }
}

async fn create_private_channel(owner: &Teammate) -> Channel {
    let channel = owner.create_private_channel().await;
    let seen = owner.client.get(&format!("/v1/channels/{}", channel.id)).await.ok(200);
    assert_eq!((&seen["is_private"], &seen["kind"]), (&json!(true), &json!("private")));
    channel
}

#[tokio::test]
async fn a_private_channel_is_visible_to_its_members_only() {
    let world = World::start().await;
    let (ana, bo, cy) = (world.teammate("ana").await, world.teammate("bo").await, world.teammate("cy").await);
    let channel = create_private_channel(&ana).await;
    let base = format!("/api/v1/channels/{}", channel.id);
    expect_not_found(&cy, &channel.id, &ana.id).await;
    let mut cy_socket = cy.connect_to_team_unread().await;
    let mut bo_socket = bo.connect_to_team_unread().await;

    // an owner can add members, a member cannot
    let add = |who: &Teammate| json!({ "user_id": who.id });
    for _ in 0..2 {
        ana.client.post(&format!("{base}/add-user"), &add(&bo)).await.ok(200);
    }
    let event = bo_socket.wait_for_where("channel_created", |event| event["id"] == channel.id.as_str()).await;
    assert_eq!((&event["name"], &event["member_count"]), (&json!(channel.name), &json!(2)));
    bo.client.post(&format!("{base}/add-user"), &add(&cy)).await.refused(403, "FORBIDDEN");
    let nobody = json!({ "user_id": uuid::Uuid::from_u128(rand::random()) });
    ana.client.post(&format!("{base}/add-user"), &nobody).await.refused(404, "RESOURCE_NOT_FOUND");
    let not_of_team = world.user("dee").await;
    let dee = json!({ "user_id": not_of_team.id });
    ana.client.post(&format!("{base}/add-user"), &dee).await.refused(404, "RESOURCE_NOT_FOUND");
    ana.client.post(&format!("{base}/add-user"), &json!({})).await.refused(422, "VALIDATION_ERROR");
    let seen = bo.client.get(&base).await.ok(200);
    assert_eq!((&seen["my_role"], &seen["member_count"]), (&json!("member"), &json!(2)));
    let moderator = json!({ "role": "MODERATOR" });
    ana.client.patch(&format!("{base}/members/{}", bo.id), &moderator).await.ok(200);
    bo.client.post(&format!("{base}/add-user"), &add(&cy)).await.ok(200);
    ana.client.delete(&format!("{base}/members/{}", cy.id)).await.ok(204);

    // the member loses access at once, and the channel looks as if it had never existed
    expect_not_found(&cy, &channel.id, &ana.id).await;
    cy_socket.wait_for_where("user_left", |event| event["user_id"] == cy.id.as_str()).await;
    ana.client.patch(&base, &json!({ "description": "of herons" })).await.ok(200);
    bo_socket.wait_for_where("channel_updated", |event| event["description"] == "of herons").await;
    cy_socket.receive_until_pong().await;
    assert_eq!(cy_socket.count("channel_updated"), 0);

    // the channel is deleted with its last member, and its name is free
    bo.client.delete(&format!("{base}/leave")).await.ok(200);
    ana.client.delete(&format!("{base}/leave")).await.ok(200);
    expect_not_found(&ana, &channel.id, &bo.id).await;
    assert!(ana.listed_channel(&channel).await.is_none());
    cy.client.post("/api/v1/channels/", &json!({ "name": channel.name })).await.ok(201);
}

#[tokio::test]
async fn two_users_have_one_direct_channel() {
    let world = World::start().await;
    let (ana, bo, cy) = (world.teammate("ana").await, world.teammate("bo").await, world.teammate("cy").await);
    let mut bo_socket = bo.connect_to_team_unread().await;
    let with = |who: &Teammate| json!({ "user_id": who.id });
    let open =
        async |who: &Teammate, whom: &Teammate| who.client.post("/v1/channels/direct", &with(whom)).await;
    let (of_ana, of_bo) = futures::join!(open(&ana, &bo), open(&bo, &ana));
    let mut statuses = [of_ana.status, of_bo.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 201], "{} {}", of_ana.text, of_bo.text);
    let (of_ana, of_bo) = (of_ana.body(), of_bo.body());
    assert_eq!((&of_ana["id"], &of_ana["kind"]), (&of_bo["id"], &json!("direct")));
    assert_eq!((&of_ana["with"], &of_bo["with"]), (&json!(bo.id), &json!(ana.id)));
    let id = of_ana["id"].as_str().unwrap();
    let both = ana.client.get(&format!("/v1/channels/{id}")).await.ok(200);
    assert_eq!((&both["name"], &both["member_count"]), (&json!(null), &json!(2)));
    bo_socket.wait_for_where("channel_created", |event| event["id"] == id).await;
    ana.client.post("/v1/channels/direct", &with(&bo)).await.ok(200);

    let refused = ana.client.post("/v1/channels/direct", &with(&ana)).await.refused(422, "VALIDATION_ERROR");
    assert_eq!(refused["fields"][0]["field"], "user_id");
    let dee = world.user("dee").await;
    let of_dee = json!({ "user_id": dee.id });
    ana.client.post("/v1/channels/direct", &of_dee).await.refused(404, "RESOURCE_NOT_FOUND");

    // no other account may preview it, and the author sees it unchanged
    expect_not_found(&cy, id, &ana.id).await;
    let base = format!("/v1/channels/{id}");
    ana.client.delete(&format!("{base}/leave")).await.refused(409, "CONFLICT");
    ana.client.delete(&base).await.refused(409, "CONFLICT");
    ana.client.patch(&base, &json!({ "name": "ours" })).await.refused(409, "CONFLICT");
    ana.client.post(&format!("{base}/archive"), &json!({})).await.refused(409, "CONFLICT");
    ana.client.post(&format!("{base}/add-user"), &with(&cy)).await.refused(409, "CONFLICT");
    ana.client.delete(&format!("{base}/members/{}", bo.id)).await.refused(409, "CONFLICT");
}
