use std::time::Duration;

use serde_json::{Value, json};

use crate::world::{ClientSocket, World};

async fn send_typing(socket: &mut ClientSocket, channel: &str, is_typing: bool) {
    socket.send("typing_indicator", json!({ "channel_id": channel, "is_typing": is_typing })).await;
    // frames of a connection may overtake each other
    socket.receive_until_pong().await;
}

/// Returns the typing events that this client received.
async fn typing_events(world: &World, socket: &mut ClientSocket) -> Vec<Value> {
    world.wait_for_jobs().await;
    let seen = socket.receive_until_pong().await.iter().filter(|event| event.kind == "typing_indicator");
    seen.map(|event| event.payload["is_typing"].clone()).collect()
}

#[tokio::test]
async fn typing_and_presence_are_for_members() {
    let Some(world) = World::local_only("members and others").await else { return };
    let (ana, bo, eve) =
        (world.teammate("ana").await, world.teammate("bo").await, world.teammate("eve").await);
    let channel = ana.create_channel_with(&[&bo]).await;
    let (mut at_ana, _) = ana.connect_with_state().await;
    let (mut tablet, _) = ana.log_in(&world).await.connect_with_state().await;
    let (mut at_bo, _) = bo.connect_with_state().await;
    let (mut at_eve, established) = eve.connect_with_state().await;
    let heads = established["channels"].as_array().expect("channels");
    assert!(heads.iter().all(|head| head["channel_id"] != channel.as_str()), "{established}");

    // a public channel that the caller has not joined, a private channel and a missing channel give the same error
    let private = ana.create_channel(true).await["id"].as_str().unwrap().to_owned();
    let none = "01900000-0000-7000-8000-000000000000".to_owned();
    let mut refusals = Vec::new();
    for kind in ["join_channel", "get_online_users", "typing_indicator"] {
        for channel in [&channel, &private, &none] {
            let refused =
                at_eve.request(kind, json!({ "channel_id": channel }), "nothing").await.unwrap_err();
            refusals.push((refused["code"].clone(), refused["message"].clone(), refused["fatal"].clone()));
        }
    }
    refusals.dedup();
    assert_eq!(refusals, [(json!("not_found"), json!("channel not found"), json!(false))]);

    let online =
        at_ana.request("get_online_users", json!({ "channel_id": channel }), "online_users").await.unwrap();
    let mut users: Vec<&str> = online["users"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    users.sort_unstable();
    let mut members = [ana.id.as_str(), bo.id.as_str()];
    members.sort_unstable();
    assert_eq!(users, members, "eve is online, but not in this channel");

    // at most one event in two seconds, a stop immediately, and none to the member's other devices
    for is_typing in [true, true, false, false, true] {
        send_typing(&mut at_ana, &channel, is_typing).await;
    }
    assert_eq!(typing_events(&world, &mut at_bo).await, [json!(true), json!(false)]);
    world.local_cloud().clock().advance(Duration::from_secs(2));
    send_typing(&mut at_ana, &channel, true).await;
    assert_eq!(typing_events(&world, &mut at_bo).await, [json!(true), json!(false), json!(true)]);
    for outsider in [&mut at_ana, &mut tablet, &mut at_eve] {
        assert!(typing_events(&world, outsider).await.is_empty());
    }

    // leaving the room does not leave the channel
    at_bo.request("leave_channel", json!({ "channel_id": channel }), "channel_left").await.unwrap();
    world.local_cloud().clock().advance(Duration::from_secs(2));
    send_typing(&mut at_ana, &channel, true).await;
    assert_eq!(typing_events(&world, &mut at_bo).await.len(), 3);
    let joined =
        at_bo.request("join_channel", json!({ "channel_id": channel }), "channel_joined").await.unwrap();
    assert_eq!((&joined["seq"], &joined["change"], &joined["replayed"]), (&json!(0), &json!(0), &json!(0)));
    world.local_cloud().clock().advance(Duration::from_secs(2));
    send_typing(&mut at_ana, &channel, true).await;
    assert_eq!(typing_events(&world, &mut at_bo).await.len(), 4);
}

/// A removed member loses access at their next frame, and receives no further events.
#[tokio::test]
async fn a_kicked_member_loses_access_at_the_next_frame() {
    let Some(world) = World::local_only("a kick").await else { return };
    let (ana, bo) = (world.teammate("ana").await, world.teammate("bo").await);
    let channel = ana.create_channel_with(&[&bo]).await;
    let (mut at_ana, _) = ana.connect_with_state().await;
    let (mut at_bo, _) = bo.connect_with_state().await;
    at_bo.request("join_channel", json!({ "channel_id": channel }), "channel_joined").await.unwrap();
    let kicked = ana.client.delete(&format!("/v1/channels/{channel}/members/{}", bo.id)).await;
    assert!(kicked.status < 300, "{}", kicked.text);
    for kind in ["join_channel", "get_online_users", "typing_indicator"] {
        let refused = at_bo.request(kind, json!({ "channel_id": channel }), "nothing").await.unwrap_err();
        assert_eq!(refused["code"], "not_found", "{kind}");
    }
    send_typing(&mut at_ana, &channel, true).await;
    ana.send_message(&channel, "he is gone").await;
    assert!(typing_events(&world, &mut at_bo).await.is_empty());
    assert_eq!(at_bo.count("new_message"), 0);
}
