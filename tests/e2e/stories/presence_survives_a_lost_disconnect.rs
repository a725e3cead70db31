use std::time::Duration;

use crate::world::{ClientScreen, World, users::vote_payload};

#[tokio::test]
async fn presence_survives_a_lost_disconnect() {
    let Some(world) = World::without_disconnects("a lost $disconnect").await else { return };
    let ana = world.user("ana").await;
    let (presentation, session) = ana.start_session(1).await;
    let mut presenter = ana.connect_to_session(&session).await;
    let (_, mut bo) = session.join_and_connect(&world, "Bo").await;
    let (cy, socket) = session.join_and_connect(&world, "Cy").await;
    presenter.wait_for_where("participant_count", |payload| payload["participant_count"] == 2).await;

    // Cy is gone without a `$disconnect`, and the next event of the room detects it
    socket.drop_without_close();
    while world.local_cloud().open_socket_count() > 2 {
        tokio::task::yield_now().await;
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // all connections are old enough: the server would wait for a very young one
    world.local_cloud().clock().advance(Duration::from_secs(30));
    bo.send("response_submitted", vote_payload(&presentation.slides[0], "a", 1)).await;
    let left = presenter.wait_for("participant_left").await;
    assert_eq!(left["participant_id"], cy.id.as_str());
    presenter.wait_for_where("participant_count", |payload| payload["participant_count"] == 1).await;
    bo.wait_for_where("participant_count", |payload| payload["participant_count"] == 1).await;

    // they reconnect and count once again
    let (_again, state) = cy.reconnect().await;
    assert_eq!(state["participant_count"], 2, "{state}");
    presenter.wait_for_where("participant_count", |payload| payload["participant_count"] == 2).await;
}

/// A row that is never cleaned up expires after two hours, the lifetime of a connection.
#[tokio::test]
async fn a_connection_without_disconnect_expires() {
    let Some(world) = World::without_disconnects("a lost $disconnect").await else { return };
    let ana = world.user("ana").await;
    let (_, session) = ana.start_session(1).await;
    let (_, socket) = session.join_and_connect(&world, "Bo").await;
    socket.drop_without_close();
    world.wait_for_jobs().await;
    world.local_cloud().clock().advance(Duration::from_mins(130));
    let back = ana.log_in(&world).await;
    let mut presenter = back.connect_to_session(&session).await;
    let (_, mut cy) = session.join_and_connect(&world, "Cy").await;
    presenter.wait_for_where("participant_count", |payload| payload["participant_count"] == 1).await;
    world.wait_for_jobs().await;
    cy.receive_until_pong().await;
    presenter.receive_until_pong().await;
    assert_eq!(ClientScreen::from_events(&presenter.received).people, Some(1));
}

/// A connection ends after two hours or ten silent minutes, and a client that reconnects misses nothing.
#[tokio::test]
async fn an_idle_connection_is_closed_and_reconnects_with_full_state() {
    let Some(world) = World::local_only("idle connections").await else { return };
    let ana = world.user("ana").await;
    let (presentation, session) = ana.start_session(2).await;
    let (bo, mut socket) = session.join_and_connect(&world, "Bo").await;
    // frames to a connection keep it open as much as frames from it
    world.wait_for_jobs().await;
    world.local_cloud().clock().advance(Duration::from_secs(601));
    socket.wait_closed().await;
    session.show_slide(&presentation.slides[1]).await;
    let (_open, state) = bo.reconnect().await;
    assert_eq!(state["current_slide"]["id"], presentation.slides[1].id.as_str());
    world.wait_for_jobs().await;
    assert_eq!(world.local_cloud().open_socket_count(), 1);
}
