use std::collections::{BTreeMap, HashSet};

use futures::future::join_all;
use serde_json::{Value, json};

use crate::world::{
    ClientScreen, ClientSocket, Guest, Presentation, Session, User, World,
    users::{Slide, vote_payload},
};

const AUDIENCE: usize = 50;

/// A talk with two choice questions and one text question, which has not started. The presenter and the audience are connected.
struct Talk {
    ana: User,
    presentation: Presentation,
    session: Session,
    /// The version of the session before the start.
    version: u64,
    /// The text question.
    written: Slide,
    presenter: ClientSocket,
    guests: Vec<Guest>,
    sockets: Vec<ClientSocket>,
}

impl Talk {
    async fn with_audience(world: &World) -> Self {
        let ana = world.user("ana").await;
        let presentation = ana.create_presentation(2).await;
        let written = add_text_question(&ana, &presentation).await;
        let body = json!({ "presentation_id": presentation.id });
        let made = ana.client.post("/v1/sessions", &body).await.ok(201);
        let session = ana.session_from(&made);
        let presenter = ana.connect_to_session(&session).await;
        let (guests, sockets) = join_audience(world, &session).await;
        let version = made["version"].as_u64().expect("a version");
        Self { ana, presentation, session, version, written, presenter, guests, sockets }
    }

    /// Starts the session. All clients have then received the first slide.
    async fn started(world: &World) -> Self {
        let mut talk = Self::with_audience(world).await;
        talk.session.transition("start").await;
        for socket in talk.all_sockets() {
            socket.wait_for("session_started").await;
        }
        talk
    }

    fn all_sockets(&mut self) -> impl Iterator<Item = &mut ClientSocket> {
        self.sockets.iter_mut().chain([&mut self.presenter])
    }

    /// Lets all participants vote on the first slide. Returns the expected tally.
    async fn vote(&mut self) -> BTreeMap<String, u64> {
        let first = &self.presentation.slides[0];
        let mut cast = BTreeMap::from(["a", "b", "c"].map(|option| (option.to_owned(), 0)));
        for (number, socket) in self.sockets.iter_mut().enumerate() {
            let option = ["a", "b", "c", "a"][number % 4];
            *cast.get_mut(option).unwrap() += 1;
            socket.send("response_submitted", vote_payload(first, option, 1)).await;
        }
        cast
    }

    /// Shows the text question, which a participant answers.
    async fn answer_text_question(&mut self) {
        self.session.show_slide(&self.written).await;
        for socket in &mut self.sockets {
            socket.wait_for_where("slide_changed", |event| event["slide"]["id"] == self.written.id).await;
        }
        let said = json!({ "slide_id": self.written.id, "content": { "text": "by the river" } });
        self.sockets[1].send("submit_response", said).await;
        let shown = self
            .presenter
            .wait_for_where("response_submitted", |event| event["slide_id"] == self.written.id)
            .await;
        assert_eq!(
            (&shown["content"], &shown["participant_id"]),
            (&json!({ "text": "by the river" }), &json!(self.guests[1].id))
        );
    }
}

async fn add_text_question(ana: &User, presentation: &Presentation) -> Slide {
    let path = format!("/v1/presentations/{}/slides", presentation.id);
    let body = json!({ "type": "question_text", "content": { "question": "Where have you seen one?" } });
    let slide = ana.client.post(&path, &body).await.ok(201);
    Slide { id: slide["id"].as_str().expect("an id").to_owned() }
}

/// Lets the audience join and connect, every second participant without a name.
async fn join_audience(world: &World, session: &Session) -> (Vec<Guest>, Vec<ClientSocket>) {
    let joined = join_all((0..AUDIENCE).map(|number| async move {
        let name = (number % 2 == 0).then(|| format!("Guest {number}"));
        let guest = session.join(world, name.as_deref()).await;
        let mut socket = ClientSocket::open(&guest.websocket_url).await;
        let state = socket.wait_for("session_state").await;
        assert_eq!((&state["role"], &state["status"]), (&json!("audience"), &json!("pending")), "{state}");
        assert_eq!(state["participant_id"], json!(guest.id));
        assert!(state["participant_token"].is_string() && state["my_responses"] == json!([]), "{state}");
        (guest, socket)
    }));
    joined.await.into_iter().unzip()
}

fn tally_of(update: &Value) -> BTreeMap<String, u64> {
    let votes = update["votes"].as_object().expect("votes by option");
    votes.iter().map(|(option, count)| (option.clone(), count.as_u64().expect("a count"))).collect()
}

#[tokio::test]
async fn a_session_is_created_and_found_by_its_code() {
    let world = World::start().await;
    let ana = world.user("ana").await;
    let me = ana.client.get("/v1/auth/me").await.ok(200);
    assert_eq!((&me["id"], &me["email"]), (&json!(ana.id), &json!(ana.email)));
    let presentation = ana.create_presentation(2).await;
    add_text_question(&ana, &presentation).await;

    let body = json!({ "presentation_id": presentation.id });
    let made = ana.client.post("/v1/sessions", &body).await.ok(201);
    assert_eq!((&made["kind"], &made["status"]), (&json!("presentation"), &json!("pending")));
    assert_eq!(made["current_slide_id"], json!(presentation.slides[0].id), "the first slide is preset");
    let session = ana.session_from(&made);
    // the code is found in upper and lower case
    for code in [session.code.clone(), session.code.to_lowercase()] {
        let found = world.anonymous().get(&format!("/v1/sessions/code/{code}")).await.ok(200);
        let shown = (&found["presentation_title"], &found["status"]);
        assert_eq!(shown, (&json!("Herons"), &json!("pending")), "{code}");
        assert!(found.get("owner").is_none() && !found.to_string().contains(&ana.id), "{code}: {found}");
    }

    // the presenter connects by ticket
    let ticket = ana.client.post("/v1/realtime/tickets", &json!({ "session_id": session.id })).await.ok(201);
    for field in ["ticket", "websocket_url", "expires_at"] {
        assert!(ticket[field].is_string(), "no {field} in {ticket}");
    }
    let mut presenter = ClientSocket::open(ticket["websocket_url"].as_str().unwrap()).await;
    let state = presenter.wait_for("session_state").await;
    assert_eq!((&state["role"], &state["total_slides"]), (&json!("presenter"), &json!(3)), "{state}");
    assert_eq!((&state["status"], &state["participant_count"]), (&json!("pending"), &json!(0)), "{state}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everyone_sees_the_audience_and_the_start() {
    let world = World::start().await;
    let mut talk = Talk::with_audience(&world).await;
    let presenter = &mut talk.presenter;
    presenter.wait_for_where("participant_count", |payload| payload["participant_count"] == AUDIENCE).await;
    let mut came = HashSet::new();
    while came.len() < AUDIENCE {
        let joined = presenter.wait_for("participant_joined").await;
        assert_eq!(joined["display_name"].is_null(), joined["is_anonymous"], "{joined}");
        came.insert(joined["participant_id"].as_str().unwrap().to_owned());
    }
    let guests: HashSet<String> = talk.guests.iter().map(|guest| guest.id.clone()).collect();
    assert_eq!(came, guests, "the presenter receives every participant");
    for socket in &mut talk.sockets {
        socket.wait_for_where("participant_count", |payload| payload["participant_count"] == AUDIENCE).await;
    }

    // the session starts, and all clients see the first slide
    let started = talk.session.transition("start").await;
    let is_newer = started["version"].as_u64() > Some(talk.version);
    assert_eq!((&started["status"], is_newer), (&json!("active"), true), "{started}");
    let first = json!(talk.presentation.slides[0].id);
    for socket in talk.all_sockets() {
        let event = socket.wait_for("session_started").await;
        assert_eq!(event["current_slide"]["id"], first);
        assert_eq!(event["current_slide"]["content"]["options"][2]["id"], "c");
        assert!(event["started_at"].is_string() && event["version"] == started["version"], "{event}");
        assert!(!event.to_string().contains("speaker_notes"), "notes never leave: {event}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everyone_sees_the_tally_and_the_presenter_each_response() {
    let world = World::start().await;
    let mut talk = Talk::started(&world).await;
    let first = talk.presentation.slides[0].clone();
    let cast = talk.vote().await;
    for socket in talk.all_sockets() {
        let update = socket.wait_for_where("vote_update", |update| update["total_voters"] == AUDIENCE).await;
        assert_eq!((update["slide_id"].as_str(), tally_of(&update)), (Some(first.id.as_str()), cast.clone()));
        assert_eq!(update["total_votes"], AUDIENCE);
        assert!(update["as_of"].is_string(), "{update}");
    }
    let mut answered = HashSet::new();
    while answered.len() < AUDIENCE {
        let answer = talk.presenter.wait_for("response_submitted").await;
        assert!(answer["response_id"].is_string() && answer["created_at"].is_string(), "{answer}");
        assert!(answer["content"]["selected"].is_array(), "{answer}");
        answered.insert(answer["participant_id"].as_str().unwrap().to_owned());
    }
    let guests: HashSet<String> = talk.guests.iter().map(|guest| guest.id.clone()).collect();
    assert_eq!(answered, guests);
    let listed = talk.session.responses_to_slide(&first).await;
    assert_eq!((listed["total"].as_u64(), listed["items"].as_array().map(Vec::len)), (Some(50), Some(50)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everyone_sees_slides_and_pauses() {
    let world = World::start().await;
    let mut talk = Talk::started(&world).await;
    let second = talk.presentation.slides[1].clone();
    talk.session.show_slide(&second).await;
    for socket in talk.all_sockets() {
        let event = socket.wait_for("slide_changed").await;
        assert_eq!((&event["slide"]["id"], &event["slide_index"]), (&json!(second.id), &json!(1)));
    }
    talk.session.transition("pause").await;
    for socket in talk.all_sockets() {
        socket.wait_for("session_paused").await;
    }
    // votes are refused during a pause
    world.expire_caches().await;
    let frame = json!({ "type": "response_submitted", "ref": 7, "payload": vote_payload(&second, "a", 2) });
    talk.sockets[0].send_text(&frame.to_string()).await;
    let error = talk.sockets[0].wait_for_error(&json!(7)).await;
    assert_eq!((&error["code"], &error["fatal"]), (&json!("session_not_active"), &json!(false)));
    talk.session.transition("resume").await;
    for socket in talk.all_sockets() {
        socket.wait_for("session_resumed").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_talk_from_sign_up_to_end() {
    let world = World::start().await;
    let mut talk = Talk::started(&world).await;
    let cast = talk.vote().await;
    for socket in talk.all_sockets() {
        socket.wait_for_where("vote_update", |update| update["total_voters"] == AUDIENCE).await;
    }
    talk.answer_text_question().await;

    // a participant leaves
    talk.sockets.pop().unwrap().close().await;
    let left = talk.presenter.wait_for("participant_left").await;
    assert_eq!(left["participant_id"], json!(talk.guests[AUDIENCE - 1].id));
    let remaining = Some(AUDIENCE as u64 - 1);
    talk.presenter.read_until(|seen| ClientScreen::from_events(seen).people == remaining).await;

    // the session ends for all clients
    let ended = talk.session.transition("end").await;
    assert_eq!((&ended["status"], &ended["end_reason"]), (&json!("ended"), &json!("ended")));
    let (first, written) = (talk.presentation.slides[0].id.clone(), talk.written.id.clone());
    for socket in talk.all_sockets() {
        let event = socket.wait_for("session_ended").await;
        assert!(event["ended_at"].is_string() && event["summary_available"].is_boolean(), "{event}");
        let screen = ClientScreen::from_events(&socket.received);
        assert_eq!(screen.status, "ended");
        assert_eq!(screen.slide.as_deref(), Some(written.as_str()));
        assert_eq!(screen.votes[&first], cast);
    }
    let path = format!("/v1/sessions/{}/statistics", talk.session.id);
    let statistics = talk.ana.client.get(&path).await.ok(200);
    assert_eq!(statistics["participant_count"], AUDIENCE);
    assert_eq!(statistics["responses_per_slide"][&first], AUDIENCE);
    assert_eq!(statistics["total_responses"], AUDIENCE + 1);
    assert_eq!(statistics["status"], "ended");
    let join = format!("/v1/sessions/code/{}/join", talk.session.code);
    world.anonymous().post(&join, &json!({})).await.refused(409, "SESSION_ENDED");
}
