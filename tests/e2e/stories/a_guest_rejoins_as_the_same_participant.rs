use serde_json::json;

use crate::world::{ClientScreen, ClientSocket, World, users::vote_payload};

#[tokio::test]
async fn a_guest_rejoins_as_the_same_participant() {
    let world = World::start().await;
    let ana = world.user("ana").await;
    let (presentation, session) = ana.start_session(2).await;
    let [first, second] = presentation.slides.as_slice() else { panic!("two slides") };
    let mut presenter = ana.connect_to_session(&session).await;
    let (bo, mut socket) = session.join_and_connect(&world, "Bo").await;
    socket.send("response_submitted", vote_payload(first, "a", 1)).await;
    presenter.wait_for_where("vote_update", |update| update["votes"]["a"] == 1).await;

    // the connection is lost while the session continues
    socket.drop_without_close();
    session.show_slide(second).await;
    let again = bo.rejoin().await;
    assert_eq!(again.id, bo.id);
    let mut socket = ClientSocket::open(&again.websocket_url).await;
    let state = socket.wait_for("session_state").await;
    assert_eq!((&state["participant_id"], &state["display_name"]), (&json!(bo.id), &json!("Bo")), "{state}");
    assert_eq!(state["current_slide"]["id"], json!(second.id), "the current slide is in the state: {state}");

    // back on the first slide they see their response, and still count as one voter
    session.show_slide(first).await;
    socket.wait_for("slide_changed").await;
    socket.close().await;
    let (mut socket, state) = bo.reconnect().await;
    assert_eq!(state["my_responses"][0]["content"], json!({ "selected": ["a"] }), "{state}");
    assert_eq!(state["votes"]["votes"]["a"], 1, "{state}");
    socket.send("response_submitted", vote_payload(first, "b", 2)).await;
    let update = presenter.wait_for_where("vote_update", |update| update["votes"]["b"] == 1).await;
    assert_eq!((&update["total_voters"], &update["votes"]["a"]), (&json!(1), &json!(0)));

    // two tabs are one participant
    let (mut tab, _) = bo.reconnect().await;
    world.wait_for_jobs().await;
    tab.receive_until_pong().await;
    presenter.receive_until_pong().await;
    presenter.read_until(|seen| ClientScreen::from_events(seen).people == Some(1)).await;
    let joined = ana.client.get(&format!("/v1/sessions/{}/participants", session.id)).await.ok(200);
    assert_eq!(joined["items"].as_array().map(Vec::len), Some(1), "{joined}");
}

#[tokio::test]
async fn a_participant_token_is_valid_in_one_session() {
    let world = World::start().await;
    let ana = world.user("ana").await;
    let (_, session) = ana.start_session(1).await;
    let (_, other) = ana.start_session(1).await;
    let bo = session.join(&world, Some("Bo")).await;

    let path = format!("/v1/sessions/code/{}/join", other.code);
    world
        .anonymous()
        .post(&path, &json!({ "participant_token": bo.token }))
        .await
        .refused(422, "VALIDATION_ERROR");
    world
        .anonymous()
        .post(&path, &json!({ "participant_token": ana.access_token }))
        .await
        .refused(422, "VALIDATION_ERROR");
    let ticket = json!({ "session_id": other.id });
    bo.client.post("/v1/realtime/tickets", &ticket).await.refused(404, "RESOURCE_NOT_FOUND");
    let own = bo.client.post("/v1/realtime/tickets", &json!({ "session_id": session.id })).await.ok(201);
    let mut socket = ClientSocket::open(own["websocket_url"].as_str().unwrap()).await;
    assert_eq!(socket.wait_for("session_state").await["participant_id"], json!(bo.id));
}
