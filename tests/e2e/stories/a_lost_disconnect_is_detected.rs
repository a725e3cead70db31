use std::time::Duration;

use serde_json::{Value, json};

use crate::world::{ClientSocket, User, World};

const MINUTE: Duration = Duration::from_mins(1);

/// Advances a minute in which a client pings and the clock ticks.
async fn advance_minute(world: &World, alive: &mut ClientSocket) {
    for _ in 0..2 {
        alive.receive_until_pong().await;
        world.local_cloud().clock().advance(MINUTE / 2);
    }
    alive.receive_until_pong().await;
    world.local_cloud().run_schedules().await;
    world.wait_for_jobs().await;
}

fn statuses_of(socket: &ClientSocket, user: &User) -> Vec<Value> {
    let events = socket
        .received
        .iter()
        .filter(|event| event.kind == "user_status" && event.payload["user_id"] == user.id.as_str());
    events.map(|event| event.payload["status"].clone()).collect()
}

#[tokio::test]
async fn a_lost_disconnect_is_detected() {
    let Some(world) = World::without_disconnects("a teammate in a tunnel").await else { return };
    let (ana, bo) = (world.teammate("ana").await, world.teammate("bo").await);
    let (mut socket, _) = bo.connect_with_state().await;
    let (hers, _) = ana.connect_with_state().await;
    world.wait_for_jobs().await;
    hers.drop_without_close();
    while world.local_cloud().open_socket_count() > 1 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    for _ in 0..5 {
        advance_minute(&world, &mut socket).await;
    }
    socket.receive_until_pong().await;
    assert_eq!(statuses_of(&socket, &ana), ["online", "offline"]);
    assert_eq!(statuses_of(&socket, &bo), ["online"], "he pinged all the time");

    // the rows of the dead connection are deleted, and she reconnects normally
    let (_hers, _) = ana.connect_with_state().await;
    world.wait_for_jobs().await;
    socket.receive_until_pong().await;
    assert_eq!(statuses_of(&socket, &ana), ["online", "offline", "online"]);
}

/// Ninety seconds without a frame make a member away. The connection stays open, and one frame makes them online again.
#[tokio::test]
async fn a_silent_connection_is_offline_and_receives_events() {
    let Some(world) = World::local_only("a silent tab").await else { return };
    let (ana, bo) = (world.teammate("ana").await, world.teammate("bo").await);
    let (mut socket, _) = bo.connect_with_state().await;
    let (mut hers, _) = ana.connect_with_state().await;
    world.wait_for_jobs().await;
    for _ in 0..4 {
        advance_minute(&world, &mut socket).await;
    }
    assert_eq!(statuses_of(&socket, &ana), ["online", "offline"]);
    hers.send("ping", json!({})).await;
    // members receive their own status too
    for status in ["online", "offline", "online"] {
        hers.wait_for_where("user_status", |event| {
            event["user_id"] == ana.id.as_str() && event["status"] == status
        })
        .await;
    }
    socket.receive_until_pong().await;
    assert_eq!(statuses_of(&socket, &ana), ["online", "offline", "online"]);
}
