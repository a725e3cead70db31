use std::collections::{BTreeMap, BTreeSet};

use futures::future::join_all;
use serde_json::{Value, json};

use crate::world::{
    ClientSocket, Guest, Session, User, World,
    users::{Presentation, Slide},
};

const AUDIENCE: usize = 3;

/// Creates a presentation of one slide of this type, and its session.
async fn start_talk(ana: &User, kind: &str, content: Value) -> (Presentation, Session) {
    let mut presentation = ana.create_presentation(0).await;
    let path = format!("/v1/presentations/{}/slides", presentation.id);
    let slide = ana.client.post(&path, &json!({ "type": kind, "content": content })).await.ok(201);
    presentation.slides.push(Slide { id: slide["id"].as_str().expect("an id").to_owned() });
    let session = ana.create_session(&presentation).await;
    (presentation, session)
}

/// Returns Bo, Cy and Di, after they were greeted.
async fn join_audience(world: &World, session: &Session) -> [(Guest, ClientSocket); AUDIENCE] {
    [
        session.join_and_connect(world, "Bo").await,
        session.join_and_connect(world, "Cy").await,
        session.join_and_connect(world, "Di").await,
    ]
}

async fn submit_response(socket: &mut ClientSocket, slide: &Slide, content: Value) {
    socket.send("response_submitted", json!({ "slide_id": slide.id, "content": content })).await;
}

/// Returns the next tally that counts all responses.
async fn next_full_tally(socket: &mut ClientSocket) -> Value {
    socket.wait_for_where("vote_update", |update| update["total_voters"] == AUDIENCE).await
}

fn options() -> Value {
    json!([{ "id": "a", "text": "Grey" }, { "id": "b", "text": "Purple" }, { "id": "c", "text": "Night" }])
}

#[tokio::test]
async fn scale_responses_are_averaged() {
    let world = World::start().await;
    let ana = world.user("ana").await;
    let scale = json!({ "question": "How fond?", "min": 0, "max": 10, "max_label": "very" });
    let (presentation, session) = start_talk(&ana, "scale", scale).await;
    let slide = &presentation.slides[0];
    session.transition("start").await;
    let mut presenter = ana.connect_to_session(&session).await;
    let mut audience = join_audience(&world, &session).await;
    for ((_, socket), content) in
        audience.iter_mut().zip([json!({ "value": 10 }), json!({ "value": 4 }), json!({ "selected": ["6"] })])
    {
        submit_response(socket, slide, content).await;
    }
    for socket in audience.iter_mut().map(|(_, socket)| socket).chain([&mut presenter]) {
        let update = next_full_tally(socket).await;
        assert_eq!((&update["average"], &update["votes"]["10"]), (&json!(6.67), &json!(1)), "{update}");
        assert_eq!((&update["votes"]["0"], update.get("words")), (&json!(0), None), "{update}");
    }
    // A participant changes their response. A later reader gets the same number: the table stores 4.0 as 4.
    submit_response(&mut audience[0].1, slide, json!({ "value": 2 })).await;
    let update = presenter.wait_for_where("vote_update", |update| update["average"] == 4.0).await;
    assert_eq!(update["total_voters"], AUDIENCE);
    let results = format!("/v1/sessions/{}/slides/{}/results", session.id, slide.id);
    audience[1].0.client.get_until(&results, |results| results["votes"]["average"] == 4.0).await;
    let (_, state) = audience[1].0.reconnect().await;
    assert_eq!(state["votes"]["average"], 4.0, "{state}");
    let (guest, _) = &audience[2];
    let body = json!({ "session_id": session.id, "slide_id": slide.id, "content": { "value": 11 } });
    let refused = guest.client.post("/v1/responses", &body).await.refused(422, "INVALID_CONTENT");
    assert!(refused.to_string().contains("content.value"), "{refused}");
}

#[tokio::test]
async fn ranking_responses_are_scored() {
    let world = World::start().await;
    let ana = world.user("ana").await;
    let ranking = json!({ "question": "Which first?", "options": options(), "show_results": false });
    let (presentation, session) = start_talk(&ana, "ranking", ranking).await;
    let slide = &presentation.slides[0];
    session.transition("start").await;
    let mut presenter = ana.connect_to_session(&session).await;
    let mut audience = join_audience(&world, &session).await;
    for ((_, socket), order) in audience.iter_mut().zip([vec!["c", "a", "b"], vec!["c"], vec!["b", "c"]]) {
        submit_response(socket, slide, json!({ "ranking": order })).await;
    }
    let update = next_full_tally(&mut presenter).await;
    assert_eq!(update["points"], json!({ "a": 2, "b": 4, "c": 8 }), "{update}");
    assert_eq!(update["votes"], json!({ "a": 1, "b": 2, "c": 3 }), "{update}");
    world.wait_for_jobs().await;
    for (_, socket) in &mut audience {
        socket.receive_until_pong().await;
        assert_eq!(socket.count("vote_update"), 0, "the results are visible to the presenter only");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_quiz_answer_is_final_and_the_solution_stays_hidden() {
    let world = World::start().await;
    let ana = world.user("ana").await;
    let quiz = json!({ "question": "Which is the largest?", "options": options(), "correct": ["a"] });
    let (presentation, session) = start_talk(&ana, "quiz", quiz).await;
    let slide = &presentation.slides[0];
    let mut presenter = ana.connect_to_session(&session).await;
    let mut audience = join_audience(&world, &session).await;
    session.transition("start").await;
    session.show_slide(slide).await;
    for (_, socket) in &mut audience {
        for event in ["session_started", "slide_changed"] {
            let payload = socket.wait_for(event).await;
            assert!(payload.to_string().contains("allow_multiple"), "{payload}");
        }
    }

    let [(bo, bo_socket), (_, cy_socket), (_, di_socket)] = &mut audience;
    submit_response(bo_socket, slide, json!({ "selected": ["b"] })).await;
    submit_response(cy_socket, slide, json!({ "selected": ["a"] })).await;
    submit_response(di_socket, slide, json!({ "selected": ["a"] })).await;
    let update = next_full_tally(&mut presenter).await;
    assert_eq!(update["votes"], json!({ "a": 2, "b": 1, "c": 0 }), "{update}");

    // the same response again returns the stored one, and a different one is refused, on a socket and over HTTP
    let again = |option: &str| {
        let content = json!({ "selected": [option] });
        json!({ "session_id": session.id, "slide_id": slide.id, "content": content, "seq": 99 })
    };
    let stored = &session.responses_to_slide(slide).await["items"];
    let of_bo = stored.as_array().unwrap().iter().find(|answer| answer["participant_id"] == bo.id).unwrap();
    let same = bo.client.post("/v1/responses", &again("b")).await.ok(201);
    assert_eq!(same, *of_bo);
    bo.client.post("/v1/responses", &again("a")).await.refused(409, "ALREADY_RESPONDED");
    let frame = json!({ "type": "response_submitted", "ref": 1, "payload": again("a") });
    bo_socket.send_text(&frame.to_string()).await;
    assert_eq!(bo_socket.wait_for_error(&json!(1)).await["code"], "already_responded");
    assert_eq!(session.responses_to_slide(slide).await["total"], AUDIENCE);

    // only the first of two concurrent responses is stored
    let eve = session.join(&world, Some("Eve")).await;
    let (a, b) = (again("a"), again("b"));
    let (a, b) = tokio::join!(eve.client.post("/v1/responses", &a), eve.client.post("/v1/responses", &b));
    let (won, lost) = if a.status == 201 { (a, b) } else { (b, a) };
    won.ok(201);
    lost.refused(409, "ALREADY_RESPONDED");

    // a participant who reconnects sees their own response, and only the presenter sees the solution and the other
    // responses
    let (_, state) = bo.reconnect().await;
    assert_eq!(state["my_responses"][0]["content"], json!({ "selected": ["b"] }), "{state}");
    assert_eq!((&state["votes"], &state["current_slide"]["type"]), (&json!(null), &json!("quiz")), "{state}");
    assert!(!state.to_string().contains("correct"), "{state}");
    let mut other_tab = ana.connect_to_session_unread(&session).await;
    let state = other_tab.wait_for("session_state").await;
    assert_eq!(state["current_slide"]["content"]["correct"], json!(["a"]), "{state}");
    assert!(state["votes"]["total_voters"].is_u64(), "{state}");
    session.transition("end").await;
    for (_, socket) in &mut audience {
        socket.wait_for("session_ended").await;
        assert!(socket.received.iter().all(|event| !event.frame.to_string().contains("correct")));
        assert_eq!(socket.count("vote_update"), 0);
    }
}

#[tokio::test]
async fn text_responses_form_a_word_cloud() {
    let world = World::start().await;
    let ana = world.user("ana").await;
    let said = ["Foarte frumoase, herons!", "The herons of the Delta", "herons Herons și Delta"];
    let cloud = json!([
        { "word": "herons", "count": 3 }, { "word": "delta", "count": 2 }, { "word": "frumoase", "count": 1 },
    ]);
    for shows_results in [false, true] {
        let mut text = json!({ "question": "What did you see?" });
        if shows_results {
            text["show_results"] = json!(true);
        }
        let (presentation, session) = start_talk(&ana, "question_text", text).await;
        let slide = &presentation.slides[0];
        session.transition("start").await;
        let mut presenter = ana.connect_to_session(&session).await;
        let mut audience = join_audience(&world, &session).await;
        for ((_, socket), text) in audience.iter_mut().zip(said) {
            submit_response(socket, slide, json!({ "text": text })).await;
        }
        let update = next_full_tally(&mut presenter).await;
        let row = format!("show_results is {shows_results}");
        assert_eq!((&update["words"], &update["votes"]), (&cloud, &json!({})), "{row}: {update}");
        if shows_results {
            for (_, socket) in &mut audience {
                assert_eq!(next_full_tally(socket).await["words"], cloud, "{row}");
            }
        }
        world.wait_for_jobs().await;
        let (guest, socket) = &mut audience[0];
        socket.receive_until_pong().await;
        assert_eq!(
            socket.count("vote_update") > 0,
            shows_results,
            "updates are sent only if the slide shows its results"
        );
        let (_, state) = guest.reconnect().await;
        assert_eq!(state["votes"].is_null(), !shows_results, "{state}");
    }
}

/// The word cloud counts the words of every participant, also of concurrent ones, as a count by hand would.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_participants_fill_a_word_cloud() {
    const CROWD: usize = 200;
    const BIRDS: [&str; 7] = ["heron", "stork", "Crane", "egreta", "pelican", "lișița", "ibis"];
    let Some(world) = World::local_only("an audience of two hundred").await else { return };
    let ana = world.user("ana").await;
    let (presentation, session) =
        start_talk(&ana, "question_text", json!({ "question": "Which birds?" })).await;
    let slide = &presentation.slides[0];
    session.transition("start").await;
    let mut presenter = ana.connect_to_session(&session).await;
    let mut by_hand: BTreeMap<String, u64> = BTreeMap::new();
    let said = (0..CROWD).map(|number| {
        let said: Vec<&str> =
            (1..=3).map(|factor| BIRDS[number * factor % (4 + factor) % BIRDS.len()]).collect();
        for word in said.iter().map(|word| word.to_lowercase()).collect::<BTreeSet<_>>() {
            *by_hand.entry(word).or_default() += 1;
        }
        format!("The {}!", said.join(", and "))
    });
    let said: Vec<String> = said.collect();
    join_all(said.into_iter().map(|text| {
        let (world, session) = (&world, &session);
        async move {
            let guest = session.join(world, None).await;
            let body = json!({ "session_id": session.id, "slide_id": slide.id, "content": { "text": text } });
            guest.client.post("/v1/responses", &body).await.ok(201);
        }
    }))
    .await;
    let update = presenter.wait_for_where("vote_update", |update| update["total_voters"] == CROWD).await;
    let words = update["words"].as_array().expect("a cloud").iter();
    let words =
        words.map(|word| (word["word"].as_str().unwrap().to_owned(), word["count"].as_u64().unwrap()));
    assert_eq!(words.collect::<BTreeMap<_, _>>(), by_hand, "{update}");
}
