use serde_json::{Value, json};

use crate::world::{ApiClient, DEADLINE, ReceivedEvent, World};

/// Returns the items of every page of a list.
async fn all_items(client: &ApiClient, path: &str) -> Vec<Value> {
    let (mut all, mut next) = (Vec::new(), format!("{path}?limit=2"));
    loop {
        let page = client.get(&next).await.ok(200);
        all.extend(page["items"].as_array().expect("items").iter().cloned());
        let Some(cursor) = page["next"].as_str() else { return all };
        next = format!("{path}?limit=2&cursor={cursor}");
    }
}

#[tokio::test]
async fn a_team_has_channels() {
    let world = World::start().await;
    let (ana, bo) = (world.teammate("ana").await, world.teammate("bo").await);
    let mut bo_socket = bo.connect_to_team_unread().await;
    let name = format!("Herons-{}", ana.username);
    let made = ana.client.post("/api/v1/channels/", &json!({ "name": name })).await.ok(201);
    let (id, name) = (made["id"].as_str().unwrap(), name.as_str());
    assert_eq!(
        (&made["role"], &made["kind"], &made["member_count"]),
        (&json!("owner"), &json!("public"), &json!(1))
    );
    assert_eq!(
        (&made["seq"], &made["unread_count"], &made["is_private"]),
        (&json!(0), &json!(0), &json!(false))
    );

    // a name is unique regardless of case, and a leading `#` is ignored
    assert_eq!(made["name"], name);
    let again = json!({ "name": format!("#{}", name.to_uppercase()) });
    bo.client.post("/api/v1/channels/", &again).await.refused(409, "CHANNEL_NAME_TAKEN");
    bo.client
        .post("/api/v1/channels/", &json!({ "name": "General" }))
        .await
        .refused(409, "CHANNEL_NAME_TAKEN");
    for bad in [json!({}), json!({ "name": "a b" }), json!({ "name": "x".repeat(81) })] {
        let refused = bo.client.post("/api/v1/channels/", &bad).await.refused(422, "VALIDATION_ERROR");
        assert_eq!(refused["fields"][0]["field"], "name");
    }
    let long = json!({ "name": "fine", "description": "x".repeat(501) });
    bo.client.post("/api/v1/channels/", &long).await.refused(422, "VALIDATION_ERROR");

    // the index follows a moment later
    let begun = std::time::Instant::now();
    loop {
        let all = all_items(&bo.client, "/api/v1/channels/").await;
        if all.iter().any(|channel| channel["id"] == id) {
            let names: Vec<String> =
                all.iter().map(|one| one["name"].as_str().unwrap().to_lowercase()).collect();
            assert!(names.is_sorted(), "{names:?}");
            break;
        }
        assert!(begun.elapsed() < DEADLINE, "the new channel is not listed");
    }

    // the team sees the channel, and its members see the member list
    let seen = bo.client.get(&format!("/api/v1/channels/{id}")).await.ok(200);
    assert_eq!((&seen["my_role"], seen.get("members")), (&json!(null), None), "{seen}");
    bo.client.get(&format!("/v1/channels/{id}/members")).await.refused(404, "RESOURCE_NOT_FOUND");
    for message in ["joined", "is already in"] {
        let joined = bo.client.post("/api/v1/channels/join", &json!({ "channel_id": id })).await.ok(200);
        assert!(joined["message"].as_str().unwrap().ends_with(&format!("{message} #{name}")), "{joined}");
        assert_eq!((&joined["channel"]["id"], &joined["channel"]["member_count"]), (&json!(id), &json!(2)));
    }
    let seen = bo.client.get(&format!("/v1/channels/{id}/")).await.ok(200);
    assert_eq!((&seen["my_role"], &seen["member_count"]), (&json!("member"), &json!(2)));
    let members: Vec<_> = seen["members"].as_array().unwrap().iter().map(|one| &one["user_id"]).collect();
    assert_eq!(members, [ana.id.as_str(), bo.id.as_str()], "owners first");
    let listed = all_items(&bo.client, &format!("/v1/channels/{id}/members")).await;
    assert_eq!(listed.len(), 2);
    bo_socket
        .wait_for_where("user_joined", |event| {
            event["channel_id"] == id && event["user_id"] == bo.id.as_str()
        })
        .await;
    bo_socket.receive_until_pong().await;
    let of_this = |event: &&ReceivedEvent| event.kind == "user_joined" && event.payload["channel_id"] == id;
    assert_eq!(bo_socket.received.iter().filter(of_this).count(), 1, "joining again publishes no event");

    let mine = bo.client.get("/api/v1/channels/my").await.ok(200);
    let names: Vec<&str> =
        mine["items"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["announcements", "general", name], "every member is in the default channels");
    let of_ana = ana.client.get("/api/v1/channels/my").await.ok(200);
    assert_eq!((&of_ana["items"][2]["id"], &of_ana["items"][2]["role"]), (&json!(id), &json!("owner")));

    for path in ["/v1/channels", "/v1/channels/my", "/v1/channels/users/available"] {
        world.anonymous().get(path).await.refused(401, "UNAUTHORIZED");
    }
}

/// A member who leaves the default channels is not added to them again.
#[tokio::test]
async fn members_can_leave_the_default_channels() {
    let world = World::start().await;
    let ana = world.teammate("ana").await;
    let mine = async || ana.client.get("/v1/channels/my").await.ok(200)["items"].as_array().unwrap().clone();
    let defaults = mine().await;
    assert_eq!(defaults.len(), 2);
    for (left, channel) in defaults.iter().enumerate() {
        let path = format!("/v1/channels/{}/leave", channel["id"].as_str().unwrap());
        ana.client.delete(&path).await.ok(200);
        assert_eq!(mine().await.len(), 1 - left);
    }
    ana.client.post("/v1/channels/join", &json!({ "channel_id": defaults[0]["id"] })).await.ok(200);
    assert_eq!(mine().await.len(), 1);
}

#[tokio::test]
async fn concurrent_joins_count_each_member_once() {
    let world = World::start().await;
    let (ana, bo) = (world.teammate("ana").await, world.teammate("bo").await);
    let channel = ana.create_public_channel().await;
    let id = channel.id.as_str();
    let body = json!({ "channel_id": id });
    let join = async || bo.client.post("/v1/channels/join", &body).await.ok(200);
    let this = format!("/v1/channels/{id}/join");
    futures::join!(join(), join(), async { bo.client.post(&this, &json!({})).await.ok(200) });
    let seen = ana.client.get(&format!("/v1/channels/{id}")).await.ok(200);
    assert_eq!((&seen["member_count"], seen["members"].as_array().unwrap().len()), (&json!(2), 2));
}

#[tokio::test]
async fn accounts_with_a_user_name_form_the_team() {
    let world = World::start().await;
    let (ana, cy) = (world.teammate("ana").await, world.user("cy").await);
    let channel = ana.create_public_channel().await;
    let id = channel.id.as_str();
    for path in ["/v1/channels".into(), "/v1/channels/my".into(), format!("/v1/channels/{id}")] {
        cy.client.get(&path).await.refused(409, "USERNAME_REQUIRED");
    }
    let body = json!({ "name": "cys", "channel_id": id });
    for path in ["/v1/channels", "/v1/channels/join"] {
        cy.client.post(path, &body).await.refused(409, "USERNAME_REQUIRED");
    }
    let all = all_items(&ana.client, "/api/v1/channels/users/available").await;
    let of = |id: &str| all.iter().any(|one| one["id"] == id);
    assert!(!of(&ana.id) && !of(&cy.id), "the caller and accounts outside the team are not listed: {all:?}");
    assert!(all.iter().all(|one| one.get("email").is_none()));
    // the first opening after the user name was chosen
    let username = format!("cy_{:08x}", rand::random::<u32>());
    cy.client.patch("/v1/users/me", &json!({ "username": username })).await.ok(200);
    let mine = cy.client.get("/v1/channels/my").await.ok(200);
    assert_eq!(mine["items"].as_array().unwrap().len(), 2, "{mine}");
}
