use serde_json::json;

use crate::world::{ClientSocket, World};

/// The eleventh socket of a holder closes the oldest, with a reason.
async fn assert_superseded(oldest: &mut ClientSocket) {
    let error = oldest.wait_for("error").await;
    assert_eq!((&error["code"], &error["fatal"]), (&json!("superseded"), &json!(true)), "{error}");
    oldest.wait_closed().await;
}

#[tokio::test]
async fn a_participant_has_ten_sockets() {
    let world = World::start().await;
    let ana = world.user("ana").await;
    let (_, session) = ana.start_session(1).await;
    let (_cy, mut cy_socket) = session.join_and_connect(&world, "Cy").await;
    let (bo, first) = session.join_and_connect(&world, "Bo").await;
    let mut sockets = vec![first];
    for _ in 0..11 {
        sockets.push(bo.reconnect().await.0);
    }
    for oldest in &mut sockets[..2] {
        assert_superseded(oldest).await;
    }
    world.wait_for_jobs().await;
    for socket in &mut sockets[2..] {
        socket.receive_until_pong().await;
        assert_eq!(socket.count("error"), 0);
    }
    cy_socket.receive_until_pong().await;
    assert_eq!(cy_socket.count("error"), 0, "another participant notices nothing");
    let counted = ana.client.get(&format!("/v1/sessions/{}/statistics", session.id)).await;
    assert_eq!(counted.status, 200);
}

#[tokio::test]
async fn a_member_of_the_team_has_ten_sockets() {
    let world = World::start().await;
    let ana = world.teammate("ana").await;
    let channel = ana.create_channel_with(&[]).await;
    let mut sockets = Vec::new();
    for _ in 0..11 {
        sockets.push(ana.connect_to_team().await);
    }
    assert_superseded(&mut sockets[0]).await;
    world.wait_for_jobs().await;
    ana.send_message(&channel, "to every device").await;
    for socket in &mut sockets[1..] {
        assert_eq!(socket.wait_for("new_message").await["content"], "to every device");
    }
}
