use serde_json::json;

use crate::world::{ClientScreen, ClientSocket, World, people::vote};

#[tokio::test]
async fn a_guest_rejoins_as_the_same_participant() {
    let world = World::start().await;
    let ana = world.user("ana").await;
    let (presentation, session) = ana.started(2).await;
    let [first, second] = presentation.slides.as_slice() else { panic!("two slides") };
    let mut presenter = ana.socket(&session).await;
    let (bo, mut socket) = session.guest(&world, "Bo").await;
    socket.send("response_submitted", vote(first, "a", 1)).await;
    presenter.wait_where("vote_update", |update| update["votes"]["a"] == 1).await;

    // the connection is lost, and meanwhile the talk goes on
    socket.vanish();
    session.show(second).await;
    let again = bo.again().await;
    assert_eq!(again.id, bo.id);
    let mut socket = ClientSocket::open(&again.websocket_url).await;
    let state = socket.wait("session_state").await;
    assert_eq!((&state["participant_id"], &state["display_name"]), (&json!(bo.id), &json!("Bo")), "{state}");
    assert_eq!(state["current_slide"]["id"], json!(second.id), "nothing is missed: {state}");

    // back on the first slide they see what they had said, and are still one voter
    session.show(first).await;
    socket.wait("slide_changed").await;
    socket.hang_up().await;
    let (mut socket, state) = bo.back().await;
    assert_eq!(state["my_responses"][0]["content"], json!({ "selected": ["a"] }), "{state}");
    assert_eq!(state["votes"]["votes"]["a"], 1, "{state}");
    socket.send("response_submitted", vote(first, "b", 2)).await;
    let update = presenter.wait_where("vote_update", |update| update["votes"]["b"] == 1).await;
    assert_eq!((&update["total_voters"], &update["votes"]["a"]), (&json!(1), &json!(0)));

    // two tabs are one participant
    let (mut tab, _) = bo.back().await;
    world.quiet().await;
    tab.catch_up().await;
    presenter.catch_up().await;
    presenter.read_until(|seen| ClientScreen::of(seen).people == Some(1)).await;
    let joined = ana.client.get(&format!("/v1/sessions/{}/participants", session.id)).await.ok(200);
    assert_eq!(joined["items"].as_array().map(Vec::len), Some(1), "{joined}");
}

#[tokio::test]
async fn a_participant_token_is_valid_in_one_session() {
    let world = World::start().await;
    let ana = world.user("ana").await;
    let (_, session) = ana.started(1).await;
    let (_, other) = ana.started(1).await;
    let bo = session.join(&world, Some("Bo")).await;

    let path = format!("/v1/sessions/code/{}/join", other.code);
    world
        .nobody()
        .post(&path, &json!({ "participant_token": bo.token }))
        .await
        .refused(422, "VALIDATION_ERROR");
    world
        .nobody()
        .post(&path, &json!({ "participant_token": ana.access_token }))
        .await
        .refused(422, "VALIDATION_ERROR");
    let ticket = json!({ "session_id": other.id });
    bo.client.post("/v1/realtime/tickets", &ticket).await.refused(404, "RESOURCE_NOT_FOUND");
    let own = bo.client.post("/v1/realtime/tickets", &json!({ "session_id": session.id })).await.ok(201);
    let mut socket = ClientSocket::open(own["websocket_url"].as_str().unwrap()).await;
    assert_eq!(socket.wait("session_state").await["participant_id"], json!(bo.id));
}
