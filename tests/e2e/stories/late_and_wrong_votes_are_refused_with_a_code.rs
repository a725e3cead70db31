use serde_json::{Value, json};

use crate::world::{ClientSocket, World, people::vote};

/// Sends a vote and says what it is refused with.
async fn submit_refused(socket: &mut ClientSocket, reference: u64, payload: Value) -> Value {
    let frame = json!({ "type": "response_submitted", "ref": reference, "payload": payload });
    socket.send_text(&frame.to_string()).await;
    let error = socket.refused(&json!(reference)).await;
    assert_eq!(error["fatal"], json!(false), "the connection lives: {error}");
    error["code"].clone()
}

#[tokio::test]
async fn invalid_votes_are_refused_with_a_code() {
    let world = World::start().await;
    let ana = world.user("ana").await;
    let presentation = ana.presentation(2).await;
    let [first, second] = presentation.slides.as_slice() else { panic!("two slides") };
    let elsewhere = ana.presentation(1).await;
    let session = ana.session(&presentation).await;
    let (bo, mut socket) = session.guest(&world, "Bo").await;

    assert_eq!(
        submit_refused(&mut socket, 1, vote(first, "a", 1)).await,
        "session_not_active",
        "not started"
    );
    session.go("start").await;
    assert_eq!(
        submit_refused(&mut socket, 2, vote(second, "a", 1)).await,
        "slide_not_current",
        "not shown yet"
    );
    assert_eq!(submit_refused(&mut socket, 3, vote(&elsewhere.slides[0], "a", 1)).await, "slide_not_current");
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
    session.go("pause").await;
    world.forget().await;
    assert_eq!(submit_refused(&mut socket, 20, vote(first, "a", 1)).await, "session_not_active", "paused");
    session.go("resume").await;
    session.show(second).await;
    world.forget().await;
    assert_eq!(submit_refused(&mut socket, 21, vote(first, "a", 1)).await, "slide_not_current", "too late");

    // the presenter does not vote
    let mut presenter = ana.socket(&session).await;
    assert_eq!(submit_refused(&mut presenter, 22, vote(second, "a", 1)).await, "forbidden");

    // the same over HTTP
    let mut body = vote(first, "a", 1);
    body["session_id"] = json!(session.id);
    bo.client.post("/v1/responses", &body).await.refused(409, "SLIDE_NOT_CURRENT");
    body["slide_id"] = json!(second.id);
    body["content"] = json!({ "selected": ["z"] });
    bo.client.post("/v1/responses", &body).await.refused(422, "INVALID_CONTENT");
    ana.client.post("/v1/responses", &body).await.refused(401, "UNAUTHORIZED");

    // nothing of all this was stored, and a right one counts
    assert_eq!(session.responses(first).await["total"], 0);
    socket.send("response_submitted", vote(second, "b", 2)).await;
    presenter
        .wait_where("vote_update", |update| update["votes"]["b"] == 1 && update["total_voters"] == 1)
        .await;

    session.go("end").await;
    world.forget().await;
    body["content"] = json!({ "selected": ["a"] });
    bo.client.post("/v1/responses", &body).await.refused(409, "SESSION_ENDED");
    assert_eq!(session.responses(second).await["items"][0]["content"], json!({ "selected": ["b"] }));
}

/// A cache may accept, never refuse: the vote that comes with the slide counts (DESIGN 5).
#[tokio::test]
async fn a_vote_cast_when_a_slide_appears_counts() {
    let world = World::start().await;
    let ana = world.user("ana").await;
    let (presentation, session) = ana.started(4).await;
    let mut presenter = ana.socket(&session).await;
    let (_, mut bo) = session.guest(&world, "Bo").await;
    for (number, slide) in presentation.slides.iter().enumerate() {
        if number > 0 {
            session.show(slide).await;
            bo.wait_where("slide_changed", |event| event["slide"]["id"] == *slide.id).await;
        }
        bo.send("response_submitted", vote(slide, "a", 1)).await;
        presenter
            .wait_where("vote_update", |update| update["slide_id"] == *slide.id && update["votes"]["a"] == 1)
            .await;
    }
    bo.catch_up().await;
    assert_eq!(bo.count("error"), 0);
}
