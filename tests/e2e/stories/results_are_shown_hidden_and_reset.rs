use serde_json::{Value, json};

use crate::world::{
    Presentation, Session, User, World,
    users::{Slide, vote_payload},
};

async fn start_quiz(world: &World) -> (User, Presentation, Session) {
    let ana = world.user("ana").await;
    let mut presentation = ana.create_presentation(0).await;
    let path = format!("/v1/presentations/{}/slides", presentation.id);
    let content = json!({
        "question": "Which is the largest?",
        "options": [{ "id": "a", "text": "Goliath" }, { "id": "b", "text": "Grey" }],
        "correct": ["a"],
    });
    for _ in 0..2 {
        let slide = ana.client.post(&path, &json!({ "type": "quiz", "content": content })).await.ok(201);
        presentation.slides.push(Slide { id: slide["id"].as_str().unwrap().to_owned() });
    }
    let session = ana.create_session(&presentation).await;
    session.transition("start").await;
    (ana, presentation, session)
}

#[tokio::test]
async fn the_presenter_hides_shows_and_resets_results() {
    let world = World::start().await;
    let ana = world.user("ana").await;
    let (presentation, session) = ana.start_session(1).await;
    let slide = &presentation.slides[0];
    let mut presenter = ana.connect_to_session(&session).await;
    let (bo, mut socket) = session.join_and_connect(&world, "Bo").await;
    let path = format!("/v1/sessions/{}/slides/{}/results", session.id, slide.id);
    let hidden = ana.client.put(&path, &json!({ "visible": false })).await.ok(200);
    assert_eq!(hidden["visible"], false);
    assert_eq!(socket.wait_for("results_changed").await["visible"], false);
    socket.send("response_submitted", vote_payload(slide, "a", 1)).await;
    presenter.wait_for_where("vote_update", |update| update["votes"]["a"] == 1).await;
    world.wait_for_jobs().await;
    socket.receive_until_pong().await;
    assert_eq!(socket.count("vote_update"), 0, "the audience does not see it");
    let (_, state) = bo.reconnect().await;
    assert_eq!((&state["votes"], &state["results_visible"]), (&json!(null), &json!(false)), "{state}");

    ana.client.put(&path, &json!({ "visible": true })).await.ok(200);
    let shown = socket.wait_for_where("results_changed", |changed| changed["visible"] == true).await;
    assert_eq!(shown["votes"]["votes"]["a"], 1, "{shown}");

    let reset = ana.client.delete(&path).await.ok(200);
    assert!(reset["reset_at"].is_string(), "{reset}");
    socket.wait_for_where("vote_update", |update| update["total_voters"] == 0).await;
    let (_, state) = bo.reconnect().await;
    assert_eq!(state["my_responses"], json!([]), "{state}");
    socket.send("response_submitted", vote_payload(slide, "b", 2)).await;
    let update = socket.wait_for_where("vote_update", |update| update["votes"]["b"] == 1).await;
    assert_eq!((&update["votes"]["a"], &update["total_voters"]), (&json!(0), &json!(1)), "{update}");

    let stranger = world.user("stranger").await;
    stranger.client.put(&path, &json!({ "visible": true })).await.refused(404, "RESOURCE_NOT_FOUND");
    let refused = ana.client.put(&path, &json!({ "visible": "yes" })).await.refused(422, "VALIDATION_ERROR");
    assert!(refused.to_string().contains("visible"), "{refused}");
    session.transition("end").await;
    ana.client.put(&path, &json!({ "visible": true })).await.refused(409, "SESSION_ENDED");
}

#[tokio::test]
async fn faster_correct_quiz_answers_rank_higher() {
    let Some(world) = World::local_only("the speed of answers").await else { return };
    let (ana, presentation, session) = start_quiz(&world).await;
    let slide = &presentation.slides[0];
    let mut presenter = ana.connect_to_session(&session).await;
    let (bo, mut bo_socket) = session.join_and_connect(&world, "Bo").await;
    let (cy, mut cy_socket) = session.join_and_connect(&world, "Cy").await;
    let (_di, mut di_socket) = session.join_and_connect(&world, "Di").await;
    bo_socket.send("response_submitted", vote_payload(slide, "a", 1)).await;
    di_socket.send("response_submitted", vote_payload(slide, "b", 1)).await;
    presenter.wait_for_where("vote_update", |update| update["total_voters"] == 2).await;
    world.local_cloud().clock().advance(std::time::Duration::from_secs(10));
    cy_socket.send("response_submitted", vote_payload(slide, "a", 1)).await;
    presenter.wait_for_where("vote_update", |update| update["total_voters"] == 3).await;

    let board = format!("/v1/sessions/{}/leaderboard", session.id);
    assert_eq!(bo.client.get(&board).await.ok(200)["entries"], json!([]), "nothing is revealed yet");
    let results = format!("/v1/sessions/{}/slides/{}/results", session.id, slide.id);
    ana.client.put(&results, &json!({ "visible": true })).await.ok(200);
    let revealed = cy_socket.wait_for("results_changed").await;
    assert_eq!(revealed["slide"]["content"]["correct"], json!(["a"]), "{revealed}");
    let event = cy_socket.wait_for("leaderboard_updated").await;
    let ids: Vec<_> =
        event["entries"].as_array().unwrap().iter().map(|entry| &entry["participant_id"]).collect();
    assert_eq!(ids, [&json!(bo.id), &json!(cy.id)], "{event}");
    assert_eq!(event["entries"][0]["display_name"], json!(null), "only the presenter sees names");
    let named = presenter
        .wait_for_where("leaderboard_updated", |event| event["entries"][0]["display_name"] == "Bo")
        .await;
    let points = |place: usize| named["entries"][place]["points"].as_u64().unwrap();
    // ten of sixty seconds cost a fifth of the points for speed, and a busy machine adds some delay
    assert!(points(0) > 800 && points(0) - points(1) >= 150, "{named}");
    let mine = cy.client.get(&board).await.ok(200);
    assert_eq!((&mine["me"]["rank"], &mine["total"]), (&json!(2), &json!(2)), "{mine}");
    let whole = ana.client.get(&board).await.ok(200);
    assert_eq!(whole["entries"][1]["display_name"], "Cy", "{whole}");
}

#[tokio::test]
async fn a_revealed_quiz_accepts_no_answers() {
    let world = World::start().await;
    let (ana, presentation, session) = start_quiz(&world).await;
    let slide = &presentation.slides[0];
    let body = |option: &str| json!({ "session_id": session.id, "slide_id": slide.id, "content": { "selected": [option] } });
    let (bo, mut socket) = session.join_and_connect(&world, "Bo").await;
    let (cy, _cy_socket) = session.join_and_connect(&world, "Cy").await;
    bo.client.post("/v1/responses", &body("a")).await.ok(201);
    let results = format!("/v1/sessions/{}/slides/{}/results", session.id, slide.id);
    ana.client.put(&results, &json!({ "visible": true })).await.ok(200);
    socket.wait_for_where("leaderboard_updated", |board| board["total"] == 1).await;
    world.expire_caches().await;
    cy.client.post("/v1/responses", &body("a")).await.refused(409, "RESULTS_SHOWN");
    // a retry by a participant who got no response
    bo.client.post("/v1/responses", &body("a")).await.ok(201);
    bo.client.post("/v1/responses", &body("b")).await.refused(409, "RESULTS_SHOWN");
    assert_eq!(session.responses_to_slide(slide).await["total"], 1);
    // hidden again, the quiz accepts responses, but the solution is known
    ana.client.put(&results, &json!({ "visible": false })).await.ok(200);
    socket.wait_for_where("leaderboard_updated", |board| board["total"] == 0).await;
    cy.client.post("/v1/responses", &body("a")).await.ok(201);
    ana.client.put(&results, &json!({ "visible": true })).await.ok(200);
    socket.wait_for_where("leaderboard_updated", |board| board["total"] == 1).await;
    world.wait_for_jobs().await;
    let board = cy.client.get(&format!("/v1/sessions/{}/leaderboard", session.id)).await.ok(200);
    assert_eq!((&board["total"], &board["me"]), (&json!(1), &json!(null)), "{board}");
    // after the reset every participant may earn points
    ana.client.delete(&results).await.ok(200);
    ana.client.put(&results, &json!({ "visible": false })).await.ok(200);
    cy.client.post("/v1/responses", &body("a")).await.ok(201);
    ana.client.put(&results, &json!({ "visible": true })).await.ok(200);
    let leads = |board: &Value| board["entries"][0]["participant_id"] == cy.id;
    socket.wait_for_where("leaderboard_updated", leads).await;
    let board = cy.client.get(&format!("/v1/sessions/{}/leaderboard", session.id)).await.ok(200);
    assert_eq!((&board["total"], &board["me"]["rank"]), (&json!(1), &json!(1)), "{board}");
}

#[tokio::test]
async fn slides_are_hidden_until_the_session_starts() {
    let world = World::start().await;
    let (ana, presentation, _) = start_quiz(&world).await;
    let session = ana.create_session(&presentation).await;
    let (bo, mut socket) = session.join_and_connect(&world, "Bo").await;
    let path = format!("/v1/sessions/{}/slides", session.id);
    let early = bo.client.get(&path).await.ok(200);
    assert_eq!((&early["items"], &early["total"]), (&json!([]), &json!(2)), "{early}");
    assert_eq!(bo.reconnect().await.1["current_slide"], json!(null));
    assert_eq!(ana.client.get(&path).await.ok(200)["items"].as_array().unwrap().len(), 2);
    session.transition("start").await;
    assert_eq!(socket.wait_for("session_started").await["current_slide"]["id"], presentation.slides[0].id);
    assert_eq!(bo.client.get(&path).await.ok(200)["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn hiding_a_quiz_answer_removes_its_score() {
    let world = World::start().await;
    let (ana, presentation, session) = start_quiz(&world).await;
    let slide = &presentation.slides[0];
    let (bo, mut socket) = session.join_and_connect(&world, "Bo").await;
    let body = json!({ "session_id": session.id, "slide_id": slide.id, "content": { "selected": ["a"] } });
    let answer = bo.client.post("/v1/responses", &body).await.ok(201);
    let results = format!("/v1/sessions/{}/slides/{}/results", session.id, slide.id);
    ana.client.put(&results, &json!({ "visible": true })).await.ok(200);
    socket.wait_for_where("leaderboard_updated", |event| event["total"] == 1).await;
    let path = format!("/v1/responses/{}", answer["response_id"].as_str().unwrap());
    let hide = json!({ "session_id": session.id, "slide_id": slide.id, "is_hidden": true });
    ana.client.patch(&path, &hide).await.ok(200);
    socket.wait_for_where("leaderboard_updated", |event| event["total"] == 0).await;
}

#[tokio::test]
async fn a_reset_quiz_accepts_new_answers() {
    let world = World::start().await;
    let (ana, presentation, session) = start_quiz(&world).await;
    let slide = &presentation.slides[0];
    let mut presenter = ana.connect_to_session(&session).await;
    let body = |option: &str| json!({ "session_id": session.id, "slide_id": slide.id, "content": { "selected": [option] } });
    let (bo, _bo_socket) = session.join_and_connect(&world, "Bo").await;
    let (cy, _cy_socket) = session.join_and_connect(&world, "Cy").await;
    for guest in [&bo, &cy] {
        guest.client.post("/v1/responses", &body("a")).await.ok(201);
    }
    presenter.wait_for_where("vote_update", |update| update["total_voters"] == 2).await;
    ana.client.delete(&format!("/v1/sessions/{}/slides/{}/results", session.id, slide.id)).await.ok(200);
    // immediately after the reset, the same option and another option both count as new responses
    bo.client.post("/v1/responses", &body("a")).await.ok(201);
    cy.client.post("/v1/responses", &body("b")).await.ok(201);
    let two = |update: &serde_json::Value| update["votes"] == json!({ "a": 1, "b": 1 });
    presenter.wait_for_where("vote_update", two).await;
    bo.client.post("/v1/responses", &body("b")).await.refused(409, "ALREADY_RESPONDED");
}

#[tokio::test]
async fn participants_navigate_slides_at_their_own_pace() {
    let world = World::start().await;
    let ana = world.user("ana").await;
    let presentation = ana.create_presentation(3).await;
    let body = json!({ "presentation_id": presentation.id, "pace": "participant" });
    let session = ana.session_from(&ana.client.post("/v1/sessions", &body).await.ok(201));
    let mut presenter = ana.connect_to_session(&session).await;
    let (bo, mut socket) = session.join_and_connect(&world, "Bo").await;
    let path = format!("/v1/sessions/{}/slides", session.id);
    let early = bo.client.get(&path).await.ok(200);
    assert_eq!(
        early["items"].as_array().unwrap().len(),
        1,
        "later slides are listed after the start: {early}"
    );
    session.transition("start").await;
    assert_eq!(bo.client.get(&path).await.ok(200)["items"].as_array().unwrap().len(), 3);
    for slide in &presentation.slides {
        socket.send("response_submitted", vote_payload(slide, "b", 1)).await;
        presenter
            .wait_for_where("vote_update", |update| {
                update["slide_id"] == slide.id && update["votes"]["b"] == 1
            })
            .await;
    }
    // a participant who reconnects finds their responses and the results of each slide
    let first = format!("{path}/{}/results", presentation.slides[0].id);
    let mine = bo.client.get(&first).await.ok(200);
    assert_eq!(mine["my_response"]["content"], json!({ "selected": ["b"] }), "{mine}");
    assert_eq!((&mine["visible"], &mine["votes"]["votes"]["b"]), (&json!(true), &json!(1)), "{mine}");
    ana.client.put(&first, &json!({ "visible": false })).await.ok(200);
    assert_eq!(bo.client.get(&first).await.ok(200)["votes"], json!(null));
    let seen = ana.client.get(&first).await.ok(200);
    assert_eq!((&seen["votes"]["votes"]["b"], &seen["my_response"]), (&json!(1), &json!(null)));
    let elsewhere = ana.create_presentation(1).await;
    let body = json!({ "session_id": session.id, "slide_id": elsewhere.slides[0].id, "content": { "selected": ["a"] } });
    bo.client.post("/v1/responses", &body).await.refused(409, "SLIDE_NOT_CURRENT");

    // the presenter takes over, and only the shown slide may be seen and answered
    ana.client.patch(&format!("/v1/sessions/{}", session.id), &json!({ "pace": "presenter" })).await.ok(200);
    assert_eq!(socket.wait_for("session_updated").await["pace"], "presenter");
    world.expire_caches().await;
    assert_eq!(bo.client.get(&path).await.ok(200)["items"].as_array().unwrap().len(), 1);
    let body = json!({ "session_id": session.id, "slide_id": presentation.slides[2].id, "content": { "selected": ["a"] } });
    bo.client.post("/v1/responses", &body).await.refused(409, "SLIDE_NOT_CURRENT");
    assert_eq!(ana.client.get(&path).await.ok(200)["items"].as_array().unwrap().len(), 3);
}
