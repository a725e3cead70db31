use serde_json::{Value, json};

use crate::world::{
    ClientSocket, Presentation, Session, User, World,
    users::{Slide, vote_payload},
};

/// Starts a session with a text slide whose word cloud is public, and submits a response.
async fn start_talk(world: &World) -> (User, Presentation, Session) {
    let ana = world.user("ana").await;
    let mut presentation = ana.create_presentation(0).await;
    let path = format!("/v1/presentations/{}/slides", presentation.id);
    let text =
        json!({ "type": "question_text", "content": { "question": "One word?", "show_results": true } });
    for body in [text, crate::world::users::choice_slide(1, false)] {
        let slide = ana.client.post(&path, &body).await.ok(201);
        presentation.slides.push(Slide { id: slide["id"].as_str().unwrap().to_owned() });
    }
    let session = ana.create_session(&presentation).await;
    session.transition("start").await;
    (ana, presentation, session)
}

async fn submit_text(socket: &mut ClientSocket, slide: &Slide, text: &str) {
    socket.send("response_submitted", json!({ "slide_id": slide.id, "content": { "text": text } })).await;
}

fn words_of(update: &Value) -> Vec<&str> {
    let words = update["words"].as_array().into_iter().flatten();
    words.map(|word| word["word"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_hidden_response_leaves_the_word_cloud_immediately() {
    let world = World::start().await;
    let (ana, presentation, session) = start_talk(&world).await;
    let slide = &presentation.slides[0];
    let (bo, mut bo_socket) = session.join_and_connect(&world, "Bo").await;
    let (_cy, mut cy_socket) = session.join_and_connect(&world, "Cy").await;
    submit_text(&mut bo_socket, slide, "nonsense").await;
    submit_text(&mut cy_socket, slide, "feathers").await;
    cy_socket.wait_for_where("vote_update", |update| update["total_voters"] == 2).await;
    let stored = session.responses_to_slide(slide).await;
    let of_bo =
        stored["items"].as_array().unwrap().iter().find(|one| one["participant_id"] == bo.id).unwrap();
    let path = format!("/v1/responses/{}", of_bo["response_id"].as_str().unwrap());
    let body =
        json!({ "session_id": session.id, "slide_id": slide.id, "is_hidden": true, "is_flagged": true });
    let moderated = ana.client.patch(&path, &body).await.ok(200);
    assert_eq!((&moderated["is_hidden"], &moderated["is_flagged"]), (&json!(true), &json!(true)));
    let update = cy_socket.wait_for_where("vote_update", |update| words_of(update) == ["feathers"]).await;
    assert_eq!(update["total_voters"], 1, "{update}");
    // its author still sees it, marked as hidden
    assert_eq!(session.responses_to_slide(slide).await["total"], 2);
    // a new response is visible again, and the hidden one can be shown again
    submit_text(&mut bo_socket, slide, "beaks").await;
    let update =
        cy_socket.wait_for_where("vote_update", |update| words_of(update) == ["beaks", "feathers"]).await;
    assert_eq!(update["total_voters"], 2, "{update}");
    bo.client.patch(&path, &body).await.refused(401, "UNAUTHORIZED");
    let stranger = world.user("stranger").await;
    stranger.client.patch(&path, &body).await.refused(404, "RESOURCE_NOT_FOUND");
}

#[tokio::test]
async fn blocked_words_are_refused_and_removed_from_counts() {
    let world = World::start().await;
    let (ana, presentation, session) = start_talk(&world).await;
    let slide = &presentation.slides[0];
    let (bo, mut bo_socket) = session.join_and_connect(&world, "Bo").await;
    let (_cy, mut cy_socket) = session.join_and_connect(&world, "Cy").await;
    submit_text(&mut bo_socket, slide, "ugly feathers").await;
    submit_text(&mut cy_socket, slide, "class").await;
    cy_socket.wait_for_where("vote_update", |update| update["total_voters"] == 2).await;
    let path = format!("/v1/sessions/{}", session.id);
    let changed = ana.client.patch(&path, &json!({ "blocked_words": ["Ugly", "ass"] })).await.ok(200);
    assert_eq!(changed["blocked_words"], json!(["ass", "ugly"]));
    let update = cy_socket.wait_for_where("vote_update", |update| words_of(update) == ["class"]).await;
    assert_eq!(update["total_voters"], 1, "{update}");
    let body = json!({ "session_id": session.id, "slide_id": slide.id, "content": { "text": "so UGLY!" } });
    let refused = bo.client.post("/v1/responses", &body).await.refused(422, "INVALID_CONTENT");
    assert!(refused.to_string().contains("content.text"), "{refused}");
    let wrong = json!({ "blocked_words": ["fine", "x".repeat(51)] });
    let refused = ana.client.patch(&path, &wrong).await.refused(422, "VALIDATION_ERROR");
    assert!(refused.to_string().contains("blocked_words[1]"), "{refused}");
}

#[tokio::test]
async fn a_word_blocked_later_is_removed_from_earlier_slides_and_questions() {
    let world = World::start().await;
    let (ana, presentation, session) = start_talk(&world).await;
    let slide = &presentation.slides[0];
    let (bo, mut bo_socket) = session.join_and_connect(&world, "Bo").await;
    let (cy, mut cy_socket) = session.join_and_connect(&world, "Cy").await;
    submit_text(&mut bo_socket, slide, "ugly").await;
    cy_socket.wait_for_where("vote_update", |update| update["total_voters"] == 1).await;
    let questions = format!("/v1/sessions/{}/questions", session.id);
    let asked = bo.client.post(&questions, &json!({ "question_text": "Why so ugly?" })).await.ok(201);
    session.show_slide(&presentation.slides[1]).await;
    world.wait_for_jobs().await;
    let path = format!("/v1/sessions/{}", session.id);
    ana.client.patch(&path, &json!({ "blocked_words": ["ugly"] })).await.ok(200);
    let results = format!("{path}/slides/{}/results", slide.id);
    cy.client.get_until(&results, |counted| counted["votes"]["total_voters"] == 0).await;
    let one = format!("{questions}/{}", asked["question_id"].as_str().unwrap());
    for (name, client, total, status) in [
        ("the presenter", &ana.client, 1, 200),
        ("the author", &bo.client, 1, 200),
        ("another participant", &cy.client, 0, 404),
    ] {
        assert_eq!(client.get(&questions).await.ok(200)["total"], total, "{name} lists questions");
        assert_eq!(client.get(&one).await.status, status, "{name} reads the question");
    }
}

#[tokio::test]
async fn a_removed_participant_stays_out() {
    let world = World::start().await;
    let (ana, presentation, session) = start_talk(&world).await;
    session.show_slide(&presentation.slides[1]).await;
    let (bo, mut first_tab) = session.join_and_connect(&world, "Bo").await;
    let (mut second_tab, _) = bo.reconnect().await;
    let (_cy, mut cy_socket) = session.join_and_connect(&world, "Cy").await;
    let path = format!("/v1/sessions/{}/participants/{}", session.id, bo.id);
    let stranger = world.user("stranger").await;
    stranger.client.delete(&path).await.refused(404, "RESOURCE_NOT_FOUND");
    let early = bo.client.post("/v1/realtime/tickets", &json!({})).await.ok(201);
    for _ in 0..2 {
        ana.client.delete(&path).await.ok(204);
    }
    for socket in [&mut first_tab, &mut second_tab] {
        let said = socket.wait_for("error").await;
        assert_eq!((&said["code"], &said["fatal"]), (&json!("removed"), &json!(true)), "{said}");
        socket.wait_closed().await;
    }
    let body = json!({ "session_id": session.id, "slide_id": presentation.slides[1].id, "content": { "selected": ["a"] } });
    bo.client.post("/v1/responses", &body).await.refused(403, "REMOVED");
    let ask = format!("/v1/sessions/{}/questions", session.id);
    bo.client.post(&ask, &json!({ "question_text": "Why?" })).await.refused(403, "REMOVED");
    bo.client.get(&ask).await.refused(404, "RESOURCE_NOT_FOUND");
    let ticket = json!({ "session_id": session.id });
    bo.client.post("/v1/realtime/tickets", &ticket).await.refused(404, "RESOURCE_NOT_FOUND");
    let refused = ClientSocket::try_open(early["websocket_url"].as_str().unwrap()).await;
    assert!(refused.is_err(), "a ticket from before does not let them in again");
    let join = format!("/v1/sessions/code/{}/join", session.code);
    let again = world.anonymous().post(&join, &json!({ "participant_token": bo.token })).await;
    again.refused(403, "REMOVED");
    let listed = ana.client.get(&format!("/v1/sessions/{}/participants", session.id)).await.ok(200);
    for participant in listed["items"].as_array().unwrap() {
        assert_eq!(participant["removed_at"].is_string(), participant["id"] == bo.id, "{listed}");
    }
    // no other participant notices
    cy_socket.send("response_submitted", vote_payload(&presentation.slides[1], "a", 1)).await;
    cy_socket.wait_for_where("vote_update", |update| update["total_voters"] == 1).await;
}
