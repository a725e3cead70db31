use serde_json::{Value, json};

use crate::world::{ClientSocket, World, users::vote_payload};

/// Sends a vote, and returns the code of the refusal.
async fn submit_refused(socket: &mut ClientSocket, reference: u64, payload: Value) -> Value {
    let frame = json!({ "type": "response_submitted", "ref": reference, "payload": payload });
    socket.send_text(&frame.to_string()).await;
    let error = socket.wait_for_error(&json!(reference)).await;
    assert_eq!(error["fatal"], json!(false), "the connection stays open: {error}");
    error["code"].clone()
}

#[tokio::test]
async fn invalid_votes_are_refused_with_a_code() {
    let world = World::start().await;
    let ana = world.user("ana").await;
    let presentation = ana.create_presentation(2).await;
    let [first, second] = presentation.slides.as_slice() else { panic!("two slides") };
    let elsewhere = ana.create_presentation(1).await;
    let session = ana.create_session(&presentation).await;
    let (bo, mut socket) = session.join_and_connect(&world, "Bo").await;

    assert_eq!(
        submit_refused(&mut socket, 1, vote_payload(first, "a", 1)).await,
        "session_not_active",
        "not started"
    );
    session.transition("start").await;
    assert_eq!(
        submit_refused(&mut socket, 2, vote_payload(second, "a", 1)).await,
        "slide_not_current",
        "not shown yet"
    );
    assert_eq!(
        submit_refused(&mut socket, 3, vote_payload(&elsewhere.slides[0], "a", 1)).await,
        "slide_not_current"
    );
    for (reference, content) in [
        (10, json!({ "selected": ["z"] })),
        (11, json!({ "selected": ["a", "b"] })),
        (12, json!({ "selected": [] })),
        (13, json!({ "selected": ["a", "a"] })),
        (14, json!({ "selected": 5 })),
        (15, json!({ "text": "a" })),
        (16, json!({})),
        (17, json!("a")),
    ] {
        let payload = json!({ "slide_id": first.id, "content": content });
        assert_eq!(submit_refused(&mut socket, reference, payload).await, "invalid_content", "{content}");
    }
    session.transition("pause").await;
    world.expire_caches().await;
    assert_eq!(
        submit_refused(&mut socket, 20, vote_payload(first, "a", 1)).await,
        "session_not_active",
        "paused"
    );
    session.transition("resume").await;
    session.show_slide(second).await;
    world.expire_caches().await;
    assert_eq!(
        submit_refused(&mut socket, 21, vote_payload(first, "a", 1)).await,
        "slide_not_current",
        "too late"
    );

    // the presenter cannot vote
    let mut presenter = ana.connect_to_session(&session).await;
    assert_eq!(submit_refused(&mut presenter, 22, vote_payload(second, "a", 1)).await, "forbidden");

    // the same over HTTP
    let mut body = vote_payload(first, "a", 1);
    body["session_id"] = json!(session.id);
    bo.client.post("/v1/responses", &body).await.refused(409, "SLIDE_NOT_CURRENT");
    body["slide_id"] = json!(second.id);
    body["content"] = json!({ "selected": ["z"] });
    bo.client.post("/v1/responses", &body).await.refused(422, "INVALID_CONTENT");
    ana.client.post("/v1/responses", &body).await.refused(401, "UNAUTHORIZED");

    // none of these votes was stored, and a valid one counts
    assert_eq!(session.responses_to_slide(first).await["total"], 0);
    socket.send("response_submitted", vote_payload(second, "b", 2)).await;
    presenter
        .wait_for_where("vote_update", |update| update["votes"]["b"] == 1 && update["total_voters"] == 1)
        .await;

    session.transition("end").await;
    world.expire_caches().await;
    body["content"] = json!({ "selected": ["a"] });
    bo.client.post("/v1/responses", &body).await.refused(409, "SESSION_ENDED");
    assert_eq!(session.responses_to_slide(second).await["items"][0]["content"], json!({ "selected": ["b"] }));
}

/// A cache may accept a vote but never refuse it. A vote that is cast when the slide appears counts (ARCHITECTURE 5).
#[tokio::test]
async fn a_vote_cast_when_a_slide_appears_counts() {
    let world = World::start().await;
    let ana = world.user("ana").await;
    let (presentation, session) = ana.start_session(4).await;
    let mut presenter = ana.connect_to_session(&session).await;
    let (_, mut bo) = session.join_and_connect(&world, "Bo").await;
    for (number, slide) in presentation.slides.iter().enumerate() {
        if number > 0 {
            session.show_slide(slide).await;
            bo.wait_for_where("slide_changed", |event| event["slide"]["id"] == *slide.id).await;
        }
        bo.send("response_submitted", vote_payload(slide, "a", 1)).await;
        presenter
            .wait_for_where("vote_update", |update| {
                update["slide_id"] == *slide.id && update["votes"]["a"] == 1
            })
            .await;
    }
    bo.receive_until_pong().await;
    assert_eq!(bo.count("error"), 0);
}
