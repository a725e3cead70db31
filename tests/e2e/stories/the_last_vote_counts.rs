use serde_json::{Value, json};

use crate::world::{
    ClientScreen, World,
    users::{choice_slide, vote_payload},
};

#[tokio::test]
async fn the_last_vote_counts() {
    let world = World::start().await;
    let ana = world.user("ana").await;
    let (presentation, session) = ana.start_session(1).await;
    let slide = &presentation.slides[0];
    let mut presenter = ana.connect_to_session(&session).await;
    let (bo, mut bo_socket) = session.join_and_connect(&world, "Bo").await;
    let (_, mut cy_socket) = session.join_and_connect(&world, "Cy").await;

    bo_socket.send("response_submitted", vote_payload(slide, "a", 1)).await;
    cy_socket.send("response_submitted", vote_payload(slide, "c", 1)).await;
    presenter.wait_for_where("vote_update", |update| vote_counts(update) == [1, 0, 1]).await;

    // another option, then a delayed vote for the first one, which is older by its `seq`
    bo_socket.send("response_submitted", vote_payload(slide, "b", 3)).await;
    presenter.wait_for_where("vote_update", |update| vote_counts(update) == [0, 1, 1]).await;
    bo_socket.send("response_submitted", vote_payload(slide, "a", 2)).await;
    // the same vote a second time, and over HTTP
    bo_socket.send("response_submitted", vote_payload(slide, "b", 3)).await;
    let mut by_http = vote_payload(slide, "b", 4);
    by_http["session_id"] = json!(session.id);
    let stored = bo.client.post("/v1/responses", &by_http).await.ok(201);
    assert_eq!(stored["participant_id"], json!(bo.id));
    cy_socket.send("response_submitted", vote_payload(slide, "a", 2)).await;
    let last = presenter.wait_for_where("vote_update", |update| vote_counts(update) == [1, 1, 0]).await;
    assert_eq!((&last["total_votes"], &last["total_voters"]), (&json!(2), &json!(2)));

    world.wait_for_jobs().await;
    presenter.receive_until_pong().await;
    let shown = json!({ "votes": ClientScreen::from_events(&presenter.received).votes[&slide.id] });
    assert_eq!(vote_counts(&shown), [1, 1, 0], "old votes are not counted again");
    let answers = session.responses_to_slide(slide).await;
    assert_eq!(answers["total"], 2, "one answer each: {answers}");
    bo_socket.close().await;
    let (_, state) = bo.reconnect().await;
    assert_eq!(state["my_responses"][0]["content"], json!({ "selected": ["b"] }), "{state}");
}

#[tokio::test]
async fn selections_and_voters_are_counted_separately() {
    let world = World::start().await;
    let ana = world.user("ana").await;
    let presentation = ana.create_presentation(0).await;
    let path = format!("/v1/presentations/{}/slides", presentation.id);
    let slide = ana.client.post(&path, &choice_slide(1, true)).await.ok(201);
    let session = ana.create_session(&presentation).await;
    session.transition("start").await;
    let mut presenter = ana.connect_to_session(&session).await;
    let (_, mut bo) = session.join_and_connect(&world, "Bo").await;
    let (_, mut cy) = session.join_and_connect(&world, "Cy").await;

    bo.send("response_submitted", json!({ "slide_id": slide["id"], "content": { "selected": ["a", "b"] } }))
        .await;
    cy.send("response_submitted", json!({ "slide_id": slide["id"], "content": { "selected": ["b"] } })).await;
    let update = presenter.wait_for_where("vote_update", |update| update["total_voters"] == 2).await;
    assert_eq!((vote_counts(&update), &update["total_votes"]), ([1, 2, 0], &json!(3)));
}

fn vote_counts(update: &Value) -> [u64; 3] {
    ["a", "b", "c"].map(|option| update["votes"][option].as_u64().expect("every option has a count, also 0"))
}
