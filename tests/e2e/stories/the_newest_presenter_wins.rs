use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn the_newest_presenter_wins() {
    let world = World::start().await;
    let ana = world.user("ana").await;
    let (_, session) = ana.start_session(1).await;
    let mut old = ana.connect_to_session(&session).await;

    // from another device with a separate log-in
    let mut new = ana.log_in(&world).await.connect_to_session(&session).await;
    let error = old.wait_for("error").await;
    assert_eq!((&error["code"], &error["fatal"]), (&json!("superseded"), &json!(true)));
    old.wait_closed().await;

    // events go to the new connection
    let guest = session.join(&world, Some("Bo")).await;
    let (_, state) = guest.reconnect().await;
    assert_eq!(state["role"], "audience");
    assert_eq!(new.wait_for("participant_joined").await["display_name"], "Bo");
    assert_eq!(new.count("error"), 0);
}

/// Uses the form of the original: a connected client proves by an access token that it presents.
#[tokio::test]
async fn a_guest_connection_of_the_owner_can_become_the_presenter() {
    let world = World::start().await;
    let (ana, eve) = (world.user("ana").await, world.user("eve").await);
    let (_, session) = ana.start_session(1).await;
    let (_, mut socket) = session.join_and_connect(&world, "Ana's tablet").await;

    let frame = json!({ "type": "join_speaker", "token": eve.access_token, "ref": 1 });
    socket.send_text(&frame.to_string()).await;
    assert_eq!(socket.wait_for_error(&json!(1)).await["code"], "forbidden");
    let frame = json!({ "type": "join_speaker", "token": ana.refresh_token, "ref": 2 });
    socket.send_text(&frame.to_string()).await;
    assert_eq!(
        socket.wait_for_error(&json!(2)).await["code"],
        "invalid_request",
        "a refresh token is not a proof"
    );

    socket.send_text(&json!({ "type": "join_speaker", "token": ana.access_token }).to_string()).await;
    let state = socket.wait_for("session_state").await;
    assert_eq!(state["role"], "presenter");
}

/// A tab that was opened long ago may claim the presenter role late.
#[tokio::test]
async fn the_latest_presenter_role_wins_over_newer_connections() {
    let world = World::start().await;
    let ana = world.user("ana").await;
    let (_, session) = ana.start_session(1).await;
    let (_, mut tab) = session.join_and_connect(&world, "Ana's tablet").await;
    let mut laptop = ana.connect_to_session(&session).await;

    tab.send_text(&json!({ "type": "join_speaker", "token": ana.access_token }).to_string()).await;
    let error = laptop.wait_for("error").await;
    assert_eq!((&error["code"], &error["fatal"]), (&json!("superseded"), &json!(true)));
    laptop.wait_closed().await;
    assert_eq!(tab.wait_for("session_state").await["role"], "presenter");
    tab.receive_until_pong().await;
    assert_eq!(tab.count("error"), 0);
}
