use std::time::Duration;

use serde_json::{Value, json};

use crate::world::{ApiClient, ClientSocket, World};

/// Longer than the grace period in which a member who reloads a page stays online.
const RELOAD_GRACE: Duration = Duration::from_secs(6);

async fn online_users(client: &ApiClient) -> Vec<String> {
    let list = client.get("/v1/channels/online").await.ok(200);
    let users = list["users"].as_array().expect("users");
    users.iter().map(|user| user.as_str().expect("an id").to_owned()).collect()
}

/// Returns the statuses of a member that this client received, in order.
async fn statuses_of(socket: &mut ClientSocket, user: &str) -> Vec<Value> {
    let seen = socket.receive_until_pong().await.iter();
    let events = seen.filter(|event| event.kind == "user_status" && event.payload["user_id"] == user);
    events.map(|event| event.payload["status"].clone()).collect()
}

#[tokio::test]
async fn several_devices_are_one_person() {
    let Some(world) = World::local_only("several devices").await else { return };
    let (ana, bo) = (world.teammate("ana").await, world.teammate("bo").await);
    let channel = ana.create_channel_with(&[&bo]).await;
    let (mut bo_socket, established) = bo.connect_with_state().await;
    assert_eq!(established["username"].as_str().map(|name| name.starts_with("bo_")), Some(true));
    let heads = established["channels"].as_array().expect("channels");
    assert!(heads.contains(&json!({ "channel_id": channel, "seq": 0 })), "{established}");
    bo_socket.wait_for_where("user_status", |status| status["user_id"] == bo.id.as_str()).await;
    assert_eq!(online_users(&bo.client).await, [bo.id.as_str()]);

    let (mut tab, _) = ana.connect_with_state().await;
    bo_socket.wait_for_where("user_status", |status| status["user_id"] == ana.id.as_str()).await;
    let phone = ana.log_in(&world).await;
    let (mut second, _) = ana.connect_with_state().await;
    let (mut phone, _) = phone.connect_with_state().await;
    world.wait_for_jobs().await;
    assert_eq!(statuses_of(&mut bo_socket, &ana.id).await, ["online"], "her other devices publish no event");
    let mut both = online_users(&bo.client).await;
    both.sort();
    let mut expected = [ana.id.as_str(), bo.id.as_str()];
    expected.sort_unstable();
    assert_eq!(both, expected);

    // every device receives every event, and the second tab has not replaced the first
    bo_socket.send("typing_indicator", json!({ "channel_id": channel, "is_typing": true })).await;
    for device in [&mut tab, &mut second, &mut phone] {
        assert_eq!(device.wait_for("typing_indicator").await["user_id"], bo.id.as_str());
    }
    ana.send_message(&channel, "from the first tab").await;
    for device in [&mut tab, &mut second, &mut phone, &mut bo_socket] {
        assert_eq!(device.wait_for("new_message").await["content"], "from the first tab");
    }

    // one page is reloaded, and one tab is closed
    second.close().await;
    tab.close().await;
    let (tab, _) = ana.connect_with_state().await;
    world.local_cloud().clock().advance(RELOAD_GRACE);
    world.wait_for_jobs().await;
    assert_eq!(statuses_of(&mut bo_socket, &ana.id).await, ["online"], "she stayed online");
    phone.close().await;
    world.local_cloud().clock().advance(RELOAD_GRACE);
    world.wait_for_jobs().await;
    assert_eq!(statuses_of(&mut bo_socket, &ana.id).await, ["online"], "one tab is left");

    tab.close().await;
    world.local_cloud().clock().advance(RELOAD_GRACE);
    let gone = bo_socket
        .wait_for_where("user_status", |event| {
            event["user_id"] == ana.id.as_str() && event["status"] == "offline"
        })
        .await;
    assert_eq!(online_users(&bo.client).await, [bo.id.as_str()]);
    let (_tab, _) = ana.connect_with_state().await;
    let at = |event: &Value| event["as_of"].as_str().and_then(|at| at.parse::<jiff::Timestamp>().ok());
    let is_back = |event: &Value| event["user_id"] == ana.id.as_str() && at(event) > at(&gone);
    assert_eq!(bo_socket.wait_for_where("user_status", is_back).await["status"], "online");
}

/// An account without a user name is not in the team, and the team receives no status of it.
#[tokio::test]
async fn a_presenter_socket_is_not_team_presence() {
    let Some(world) = World::local_only("a speaker").await else { return };
    let (ana, eve) = (world.teammate("ana").await, world.user("eve").await);
    let (mut socket, _) = ana.connect_with_state().await;
    socket.wait_for("user_status").await;
    let channel = ana.create_channel_with(&[]).await;
    let mut hers = eve.connect_to_team_unread().await;
    for _ in 0..2 {
        hers.receive_until_pong().await;
        world.wait_for_jobs().await;
        world.local_cloud().clock().advance(Duration::from_mins(1));
    }
    assert_eq!(hers.count("connection_established"), 0);
    for kind in ["join_channel", "get_online_users", "typing_indicator"] {
        let refused = hers.request(kind, json!({ "channel_id": channel }), "nothing").await.unwrap_err();
        assert_eq!(refused["code"], "not_found", "{kind}");
    }
    eve.client.get("/v1/channels/online").await.refused(409, "USERNAME_REQUIRED");
    assert!(statuses_of(&mut socket, &eve.id).await.is_empty());
    assert_eq!(online_users(&ana.client).await, [ana.id.as_str()]);
}
