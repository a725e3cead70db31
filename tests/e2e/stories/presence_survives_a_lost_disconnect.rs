use std::time::Duration;

use crate::world::{ClientScreen, World, people::vote};

#[tokio::test]
async fn presence_survives_a_lost_disconnect() {
    let Some(world) = World::deaf("a lost $disconnect").await else { return };
    let ana = world.user("ana").await;
    let (presentation, session) = ana.started(1).await;
    let mut presenter = ana.socket(&session).await;
    let (_, mut bo) = session.guest(&world, "Bo").await;
    let (cy, socket) = session.guest(&world, "Cy").await;
    presenter.wait_where("participant_count", |payload| payload["participant_count"] == 2).await;

    // Cy is gone without a word; the next thing that is told to the room finds out
    socket.vanish();
    while world.cloud().sockets() > 2 {
        tokio::task::yield_now().await;
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // nobody is just about to come: a connection that young would be waited for
    world.cloud().clock().advance(Duration::from_secs(30));
    bo.send("response_submitted", vote(&presentation.slides[0], "a", 1)).await;
    let left = presenter.wait("participant_left").await;
    assert_eq!(left["participant_id"], cy.id.as_str());
    presenter.wait_where("participant_count", |payload| payload["participant_count"] == 1).await;
    bo.wait_where("participant_count", |payload| payload["participant_count"] == 1).await;

    // they come back and are one again
    let (_again, state) = cy.back().await;
    assert_eq!(state["participant_count"], 2, "{state}");
    presenter.wait_where("participant_count", |payload| payload["participant_count"] == 2).await;
}

/// A row that nothing cleans up dies with the two hours that a connection may live.
#[tokio::test]
async fn a_connection_without_disconnect_expires() {
    let Some(world) = World::deaf("a lost $disconnect").await else { return };
    let ana = world.user("ana").await;
    let (_, session) = ana.started(1).await;
    let (_, socket) = session.guest(&world, "Bo").await;
    socket.vanish();
    world.quiet().await;
    world.cloud().clock().advance(Duration::from_mins(130));
    let back = ana.log_in(&world).await;
    let mut presenter = back.socket(&session).await;
    let (_, mut cy) = session.guest(&world, "Cy").await;
    presenter.wait_where("participant_count", |payload| payload["participant_count"] == 1).await;
    world.quiet().await;
    cy.catch_up().await;
    presenter.catch_up().await;
    assert_eq!(ClientScreen::of(&presenter.seen).people, Some(1));
}

/// Two hours or ten silent minutes end a connection; who comes back misses nothing.
#[tokio::test]
async fn an_idle_connection_is_closed_and_reconnects_with_full_state() {
    let Some(world) = World::local("idle connections").await else { return };
    let ana = world.user("ana").await;
    let (presentation, session) = ana.started(2).await;
    let (bo, mut socket) = session.guest(&world, "Bo").await;
    // what is posted to a connection counts as much as what it says
    world.quiet().await;
    world.cloud().clock().advance(Duration::from_secs(601));
    socket.closed().await;
    session.show(&presentation.slides[1]).await;
    let (_open, state) = bo.back().await;
    assert_eq!(state["current_slide"]["id"], presentation.slides[1].id.as_str());
    world.quiet().await;
    assert_eq!(world.cloud().sockets(), 1);
}
