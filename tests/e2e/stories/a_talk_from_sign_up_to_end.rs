use std::collections::{BTreeMap, HashSet};

use futures::future::join_all;
use serde_json::{Value, json};

use crate::world::{ClientScreen, ClientSocket, Guest, World, users::vote_payload};

const AUDIENCE: usize = 50;

fn tally_of(update: &Value) -> BTreeMap<String, u64> {
    let votes = update["votes"].as_object().expect("votes by option");
    votes.iter().map(|(option, count)| (option.clone(), count.as_u64().expect("a count"))).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::too_many_lines, reason = "one linear story; separate functions would pass all state on")]
async fn a_talk_from_sign_up_to_end() {
    let world = World::start().await;

    // sign up, write two choice questions and one text question
    let ana = world.user("ana").await;
    let me = ana.client.get("/v1/auth/me").await.ok(200);
    assert_eq!((&me["id"], &me["email"]), (&json!(ana.id), &json!(ana.email)));
    let presentation = ana.create_presentation(2).await;
    let path = format!("/v1/presentations/{}/slides", presentation.id);
    let written = json!({ "type": "question_text", "content": { "question": "Where have you seen one?" } });
    let written = ana.client.post(&path, &written).await.ok(201);
    let [first, second] = presentation.slides.as_slice() else { panic!("two slides") };

    // create a session, and find it by its code in upper and lower case
    let body = json!({ "presentation_id": presentation.id });
    let made = ana.client.post("/v1/sessions", &body).await.ok(201);
    assert_eq!((&made["kind"], &made["status"]), (&json!("presentation"), &json!("pending")));
    assert_eq!(made["current_slide_id"], json!(first.id), "the first slide is preset");
    let version = made["version"].as_u64().expect("a version");
    let session = ana.session_from(&made);
    let lower = session.code.to_lowercase();
    let found = world.anonymous().get(&format!("/v1/sessions/code/{lower}")).await.ok(200);
    assert_eq!((&found["presentation_title"], &found["status"]), (&json!("Herons"), &json!("pending")));
    assert!(found.get("owner").is_none() && !found.to_string().contains(&ana.id), "{found}");

    // the presenter connects by ticket
    let ticket = ana.client.post("/v1/realtime/tickets", &json!({ "session_id": session.id })).await.ok(201);
    for field in ["ticket", "websocket_url", "expires_at"] {
        assert!(ticket[field].is_string(), "no {field} in {ticket}");
    }
    let mut presenter = ClientSocket::open(ticket["websocket_url"].as_str().unwrap()).await;
    let state = presenter.wait_for("session_state").await;
    assert_eq!((&state["role"], &state["total_slides"]), (&json!("presenter"), &json!(3)), "{state}");
    assert_eq!((&state["status"], &state["participant_count"]), (&json!("pending"), &json!(0)), "{state}");

    // the audience joins, every second participant without a name
    let joined = join_all((0..AUDIENCE).map(|number| {
        let name = (number % 2 == 0).then(|| format!("Guest {number}"));
        let (world, session) = (&world, &session);
        async move {
            let guest = session.join(world, name.as_deref()).await;
            let mut socket = ClientSocket::open(&guest.websocket_url).await;
            let state = socket.wait_for("session_state").await;
            assert_eq!(
                (&state["role"], &state["status"]),
                (&json!("audience"), &json!("pending")),
                "{state}"
            );
            assert_eq!(state["participant_id"], json!(guest.id));
            assert!(state["participant_token"].is_string() && state["my_responses"] == json!([]), "{state}");
            (guest, socket)
        }
    }))
    .await;
    let (guests, mut sockets): (Vec<Guest>, Vec<ClientSocket>) = joined.into_iter().unzip();
    presenter.wait_for_where("participant_count", |payload| payload["participant_count"] == AUDIENCE).await;
    let mut came = HashSet::new();
    while came.len() < AUDIENCE {
        let joined = presenter.wait_for("participant_joined").await;
        assert_eq!(joined["display_name"].is_null(), joined["is_anonymous"], "{joined}");
        came.insert(joined["participant_id"].as_str().unwrap().to_owned());
    }
    assert_eq!(
        came,
        guests.iter().map(|guest| guest.id.clone()).collect(),
        "the presenter receives every participant"
    );
    for socket in &mut sockets {
        socket.wait_for_where("participant_count", |payload| payload["participant_count"] == AUDIENCE).await;
    }

    // the session starts, and all clients see the first slide
    let started = session.transition("start").await;
    assert_eq!((&started["status"], started["version"].as_u64() > Some(version)), (&json!("active"), true));
    for socket in sockets.iter_mut().chain([&mut presenter]) {
        let event = socket.wait_for("session_started").await;
        assert_eq!(event["current_slide"]["id"], json!(first.id));
        assert_eq!(event["current_slide"]["content"]["options"][2]["id"], "c");
        assert!(event["started_at"].is_string() && event["version"] == started["version"], "{event}");
        assert!(!event.to_string().contains("speaker_notes"), "notes never leave: {event}");
    }

    // all participants vote, and presenter and audience see the tally
    let mut cast = BTreeMap::from(["a", "b", "c"].map(|option| (option.to_owned(), 0)));
    for (number, socket) in sockets.iter_mut().enumerate() {
        let option = ["a", "b", "c", "a"][number % 4];
        *cast.get_mut(option).unwrap() += 1;
        socket.send("response_submitted", vote_payload(first, option, 1)).await;
    }
    for socket in sockets.iter_mut().chain([&mut presenter]) {
        let update = socket.wait_for_where("vote_update", |update| update["total_voters"] == AUDIENCE).await;
        assert_eq!((update["slide_id"].as_str(), tally_of(&update)), (Some(first.id.as_str()), cast.clone()));
        assert_eq!(update["total_votes"], AUDIENCE);
        assert!(update["as_of"].is_string(), "{update}");
    }
    // the presenter also sees every single response
    let mut answered = HashSet::new();
    while answered.len() < AUDIENCE {
        let answer = presenter.wait_for("response_submitted").await;
        assert!(answer["response_id"].is_string() && answer["created_at"].is_string(), "{answer}");
        assert!(answer["content"]["selected"].is_array(), "{answer}");
        answered.insert(answer["participant_id"].as_str().unwrap().to_owned());
    }
    assert_eq!(answered, came);
    let listed = session.responses_to_slide(first).await;
    assert_eq!((listed["total"].as_u64(), listed["items"].as_array().map(Vec::len)), (Some(50), Some(50)));

    // the next slide, and a pause in which votes are refused
    session.show_slide(second).await;
    for socket in sockets.iter_mut().chain([&mut presenter]) {
        let event = socket.wait_for("slide_changed").await;
        assert_eq!((&event["slide"]["id"], &event["slide_index"]), (&json!(second.id), &json!(1)));
    }
    session.transition("pause").await;
    for socket in sockets.iter_mut().chain([&mut presenter]) {
        socket.wait_for("session_paused").await;
    }
    world.expire_caches().await;
    let frame = json!({ "type": "response_submitted", "ref": 7, "payload": vote_payload(second, "a", 2) });
    sockets[0].send_text(&frame.to_string()).await;
    let error = sockets[0].wait_for_error(&json!(7)).await;
    assert_eq!((&error["code"], &error["fatal"]), (&json!("session_not_active"), &json!(false)));
    session.transition("resume").await;
    for socket in sockets.iter_mut().chain([&mut presenter]) {
        socket.wait_for("session_resumed").await;
    }

    // a text slide
    let words = json!({ "slide_id": written["id"] });
    ana.client.post(&format!("/v1/sessions/{}/slide", session.id), &words).await.ok(200);
    for socket in &mut sockets {
        socket.wait_for_where("slide_changed", |event| event["slide"]["id"] == written["id"]).await;
    }
    let said = json!({ "slide_id": written["id"], "content": { "text": "by the river" } });
    sockets[1].send("submit_response", said).await;
    let shown =
        presenter.wait_for_where("response_submitted", |event| event["slide_id"] == written["id"]).await;
    assert_eq!(
        (&shown["content"], &shown["participant_id"]),
        (&json!({ "text": "by the river" }), &json!(guests[1].id))
    );

    // a participant leaves
    sockets.pop().unwrap().close().await;
    let left = presenter.wait_for("participant_left").await;
    assert_eq!(left["participant_id"], json!(guests[AUDIENCE - 1].id));
    presenter.read_until(|seen| ClientScreen::from_events(seen).people == Some(AUDIENCE as u64 - 1)).await;

    // the session ends for all clients
    let ended = session.transition("end").await;
    assert_eq!((&ended["status"], &ended["end_reason"]), (&json!("ended"), &json!("ended")));
    for socket in sockets.iter_mut().chain([&mut presenter]) {
        let event = socket.wait_for("session_ended").await;
        assert!(event["ended_at"].is_string() && event["summary_available"].is_boolean(), "{event}");
        let screen = ClientScreen::from_events(&socket.received);
        assert_eq!(screen.status, "ended");
        assert_eq!(screen.slide.as_deref(), written["id"].as_str());
        assert_eq!(screen.votes[&first.id], cast);
    }
    let statistics = ana.client.get(&format!("/v1/sessions/{}/statistics", session.id)).await.ok(200);
    assert_eq!(statistics["participant_count"], AUDIENCE);
    assert_eq!(statistics["responses_per_slide"][&first.id], AUDIENCE);
    assert_eq!(statistics["total_responses"], AUDIENCE + 1);
    assert_eq!(statistics["status"], "ended");
    let over = world.anonymous().post(&format!("/v1/sessions/code/{}/join", session.code), &json!({})).await;
    over.refused(409, "SESSION_ENDED");
}
