use serde_json::{Value, json};

use crate::world::{Presentation, Session, User, World, users::Slide};

/// Creates a text question, a summary that is filled when it is shown, and a conclusion on demand.
async fn start_talk(world: &World) -> (User, Presentation, Session) {
    let ana = world.user("ana").await;
    let mut presentation = ana.create_presentation(0).await;
    let notes = "Herons need quiet water. Leave the reeds standing in spring. Watch from a distance.";
    ana.client
        .put(&format!("/v1/presentations/{}", presentation.id), &json!({ "speaker_notes": notes }))
        .await
        .ok(200);
    let path = format!("/v1/presentations/{}/slides", presentation.id);
    for body in [
        json!({ "type": "question_text", "content": { "question": "What did you see?" } }),
        json!({ "type": "summary", "content": { "auto_generate": true } }),
        json!({ "type": "conclusion", "content": {} }),
    ] {
        let slide = ana.client.post(&path, &body).await.ok(201);
        presentation.slides.push(Slide { id: slide["id"].as_str().unwrap().to_owned() });
    }
    let session = ana.create_session(&presentation).await;
    session.transition("start").await;
    (ana, presentation, session)
}

async fn slide_content(ana: &User, slide: &Slide) -> Value {
    ana.client.get(&format!("/v1/slides/{}", slide.id)).await.ok(200)["content"].clone()
}

#[tokio::test]
async fn a_summary_is_generated_when_its_slide_is_shown() {
    let world = World::start().await;
    let (ana, presentation, session) = start_talk(&world).await;
    let [question, summary, _] = &presentation.slides[..] else { panic!("three slides") };
    let mut presenter = ana.connect_to_session(&session).await;
    for (name, text) in [("Bo", "Two grey herons by the river."), ("Cy", "Grey herons in the reeds.")] {
        let (_, mut socket) = session.join_and_connect(&world, name).await;
        socket
            .send("response_submitted", json!({ "slide_id": question.id, "content": { "text": text } }))
            .await;
    }
    presenter.wait_for_where("vote_update", |update| update["total_voters"] == 2).await;
    let (_, mut socket) = session.join_and_connect(&world, "Di").await;
    session.show_slide(summary).await;
    let written = |slide: &Value| {
        slide["slide"]["content"]["summary_text"].as_str().is_some_and(|text| text.contains("heron"))
    };
    socket.wait_for_where("slide_changed", written).await;
    presenter.wait_for_where("generation_updated", |event| event["status"] == "done").await;
    assert!(slide_content(&ana, summary).await["summary_text"].as_str().unwrap().contains("heron"));
    // showing the slide again keeps the summary, and a request generates it again
    let path = format!("/v1/sessions/{}/slides/{}/generation", session.id, summary.id);
    let first = ana.client.get(&path).await.ok(200);
    assert_eq!((&first["status"], &first["provider"]), (&json!("done"), &json!("extractive")), "{first}");
    session.show_slide(question).await;
    session.show_slide(summary).await;
    world.wait_for_jobs().await;
    assert_eq!(ana.client.get(&path).await.ok(200), first);
    ana.client.post("/api/ai/summary", &json!({ "session_id": session.id })).await.ok(202);
    let is_regenerated =
        |event: &Value| event["status"] == "done" && event["requested_at"] != first["requested_at"];
    presenter.wait_for_where("generation_updated", is_regenerated).await;
    assert_eq!(ana.client.get(&path).await.ok(200)["status"], "done");
}

#[tokio::test]
async fn takeaways_are_generated_on_request() {
    let world = World::start().await;
    let (ana, presentation, session) = start_talk(&world).await;
    let [question, summary, conclusion] = &presentation.slides[..] else { panic!("three slides") };
    let path = |slide: &Slide| format!("/v1/sessions/{}/slides/{}/generation", session.id, slide.id);
    ana.client.get(&path(conclusion)).await.refused(404, "RESOURCE_NOT_FOUND");
    let mut presenter = ana.connect_to_session(&session).await;
    let asked = ana.client.post(&path(conclusion), &json!({})).await.ok(202);
    assert_eq!(asked["slide_id"], json!(conclusion.id));
    presenter.wait_for_where("generation_updated", |event| event["status"] == "done").await;
    let lines = slide_content(&ana, conclusion).await["conclusions"].as_array().unwrap().len();
    assert!((1..=5).contains(&lines), "{lines}");
    // without responses there is nothing to summarise
    ana.client.post(&path(summary), &json!({})).await.ok(202);
    let failed = presenter.wait_for_where("generation_updated", |event| event["status"] == "failed").await;
    assert!(failed["error"].as_str().unwrap().contains("no participant has answered"), "{failed}");
    let refused = ana.client.post(&path(question), &json!({})).await.refused(422, "VALIDATION_ERROR");
    assert!(refused.to_string().contains("slide_id"), "{refused}");
    let stranger = world.user("stranger").await;
    stranger.client.post(&path(summary), &json!({})).await.refused(404, "RESOURCE_NOT_FOUND");
}

/// A summary belongs to one audience, and the next audience does not see it.
#[tokio::test]
async fn summaries_are_not_shared_between_sessions() {
    let world = World::start().await;
    let (ana, presentation, session) = start_talk(&world).await;
    let [question, summary, _] = &presentation.slides[..] else { panic!("three slides") };
    let mut presenter = ana.connect_to_session(&session).await;
    let (_, mut socket) = session.join_and_connect(&world, "Bo").await;
    let content = json!({ "text": "Two grey herons by the river." });
    socket.send("response_submitted", json!({ "slide_id": question.id, "content": content })).await;
    presenter.wait_for_where("vote_update", |update| update["total_voters"] == 1).await;
    session.show_slide(summary).await;
    presenter.wait_for_where("generation_updated", |event| event["status"] == "done").await;
    session.transition("end").await;

    let next = ana.create_session(&presentation).await;
    next.transition("start").await;
    let (cy, mut socket) = next.join_and_connect(&world, "Cy").await;
    next.show_slide(summary).await;
    let shown = socket.wait_for("slide_changed").await;
    assert_eq!(shown["slide"]["content"]["summary_text"], Value::Null, "{shown}");
    let (_, state) = cy.reconnect().await;
    assert_eq!(state["current_slide"]["content"]["summary_text"], Value::Null, "{state}");
}
