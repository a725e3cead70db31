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
async fn an_older_vote_is_answered_with_the_vote_that_counts() {
    let world = World::start().await;
    let ana = world.user("ana").await;
    let (presentation, session) = ana.start_session(1).await;
    let slide = &presentation.slides[0];
    let (bo, mut tab) = session.join_and_connect(&world, "Bo").await;
    let by_http = |option, seq| {
        let mut vote = vote_payload(slide, option, seq);
        vote["session_id"] = json!(session.id);
        vote
    };
    let counts = bo.client.post("/v1/responses", &by_http("b", 5)).await.ok(201);
    assert_eq!((&counts["content"], &counts["seq"]), (&json!({ "selected": ["b"] }), &json!(5)));

    // the vote of another tab, whose click was earlier
    let older = bo.client.post("/v1/responses", &by_http("a", 4)).await.ok(200);
    assert_eq!(older, counts, "the vote that counts, with its number and time");
    let frame = json!({ "type": "response_submitted", "ref": 7, "payload": vote_payload(slide, "c", 3) });
    tab.send_text(&frame.to_string()).await;
    let answer = tab.wait_for("response_superseded").await;
    assert_eq!(answer["ref"], 7);
    for field in ["response_id", "slide_id", "content", "seq", "created_at"] {
        assert_eq!(answer[field], counts[field], "{field}");
    }
    // the same vote again and a later one are stored, and have no answer on the socket
    tab.send("response_submitted", vote_payload(slide, "b", 5)).await;
    tab.send("response_submitted", vote_payload(slide, "c", 6)).await;
    tab.receive_until_pong().await;
    let superseded = tab.received.iter().filter(|event| event.kind == "response_superseded").count();
    assert_eq!(superseded, 1);
    let last = bo.client.post("/v1/responses", &by_http("a", 6)).await.ok(201);
    assert_eq!(
        last["content"],
        json!({ "selected": ["a"] }),
        "of two with one number, the one that arrives last"
    );

    // The participant does not see the presenter's marks, also if the marked answer is kept.
    let stored = session.responses_to_slide(slide).await["items"][0].clone();
    let marks = json!({
        "session_id": session.id, "slide_id": slide.id, "is_hidden": true, "is_flagged": true,
    });
    let path = format!("/v1/responses/{}", stored["response_id"].as_str().unwrap());
    ana.client.patch(&path, &marks).await.ok(200);
    let again = bo.client.post("/v1/responses", &by_http("a", 7)).await.ok(201);
    assert_eq!((&again["is_hidden"], &again["is_flagged"]), (&json!(false), &json!(false)));
    assert_eq!(session.responses_to_slide(slide).await["items"][0]["is_hidden"], true);
}

/// A device whose clock is behind votes after a reset. The stored vote is in no count, so it may not win.
#[tokio::test]
async fn a_vote_from_before_a_reset_does_not_win() {
    let world = World::start().await;
    let ana = world.user("ana").await;
    let (presentation, session) = ana.start_session(1).await;
    let slide = &presentation.slides[0];
    let (bo, _tab) = session.join_and_connect(&world, "Bo").await;
    let by_http = |option, seq| {
        let mut vote = vote_payload(slide, option, seq);
        vote["session_id"] = json!(session.id);
        vote
    };
    bo.client.post("/v1/responses", &by_http("a", 9)).await.ok(201);
    let results = format!("/v1/sessions/{}/slides/{}/results", session.id, slide.id);
    ana.client.delete(&results).await.ok(200);
    let after = bo.client.post("/v1/responses", &by_http("b", 2)).await.ok(201);
    assert_eq!((&after["content"], &after["seq"]), (&json!({ "selected": ["b"] }), &json!(2)));
    let older = bo.client.post("/v1/responses", &by_http("c", 1)).await.ok(200);
    assert_eq!(older["content"], json!({ "selected": ["b"] }));
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
