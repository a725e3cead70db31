use reqwest::Method;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::world::{
    ApiClient, ApiResponse, ClientSocket, Guest, Presentation, Session, User, World, users::vote_payload,
};

/// An invalid body, as the sent JSON and the field that the error names.
type InvalidInput = (Value, &'static str);

async fn expect_invalid(client: &ApiClient, method: Method, path: &str, table: &[InvalidInput]) {
    for (body, field) in table {
        let answer = client.request(method.clone(), path).json(body).send().await;
        let said = answer.refused(422, "VALIDATION_ERROR");
        let fields = said["fields"].as_array().unwrap_or_else(|| panic!("no fields in {said}"));
        let named =
            fields.iter().any(|wrong| wrong["field"].as_str().is_some_and(|name| name.starts_with(field)));
        assert!(named, "{method} {path} {body}: {field} is not named in {said}");
    }
}

/// Values that no route accepts.
async fn expect_unreadable(client: &ApiClient, method: Method, path: &str) {
    let ask = || client.request(method.clone(), path);
    ask().raw_json("{\"title\": ").send().await.refused(400, "MALFORMED_REQUEST");
    ask().raw_json(vec![0xff, 0xfe]).send().await.refused(400, "MALFORMED_REQUEST");
    // a route that reads the first element of an array refuses its type before it reads the rest
    let deep = ask().raw_json("[".repeat(5_000)).send().await;
    assert!([400, 422].contains(&deep.status), "{method} {path}: {} {}", deep.status, deep.text);
    ask().text("title: Herons").send().await.refused(415, "UNSUPPORTED_MEDIA_TYPE");
    let big = format!("{{\"title\": \"{}\"}}", "x".repeat(600 * 1024));
    ask().raw_json(big).send().await.refused(413, "PAYLOAD_TOO_LARGE");
}

/// A running session, and everything that bad input could change.
struct TalkScene {
    world: World,
    ana: User,
    bo: Guest,
    presentation: Presentation,
    session: Session,
    before: Value,
}

impl TalkScene {
    /// Starts a session of Ana with two slides, which Bo joins.
    async fn start(story: &str) -> Option<Self> {
        let world = World::local_only(story).await?;
        let ana = world.user("ana").await;
        let (presentation, session) = ana.start_session(2).await;
        let bo = session.join(&world, Some("Bo")).await;
        let before = full_state(&ana, &presentation.id, &session.id).await;
        Some(Self { world, ana, bo, presentation, session, before })
    }

    fn presentation_path(&self) -> String {
        format!("/v1/presentations/{}", self.presentation.id)
    }

    fn slide_path(&self) -> String {
        format!("/v1/slides/{}", self.presentation.slides[0].id)
    }

    async fn assert_unchanged(&self) {
        let after = full_state(&self.ana, &self.presentation.id, &self.session.id).await;
        for (what, was) in self.before.as_object().unwrap() {
            // An empty update is a change too. It is the only effect of the read-only fields.
            let (mut was, mut is) = (was.clone(), after[what].clone());
            for version in ["updated_at", "version"] {
                for thing in [&mut was, &mut is] {
                    thing.as_object_mut().unwrap().remove(version);
                }
            }
            assert_eq!(is, was, "{what} has changed");
        }
    }
}

fn long_text(length: usize) -> String {
    "ä".repeat(length)
}

/// An id that does not exist.
const UNKNOWN_ID: &str = "0193a000-0000-7000-8000-000000000000";

#[tokio::test]
async fn bad_bodies_of_accounts_change_nothing() {
    let Some(scene) = TalkScene::start("bad bodies of accounts").await else { return };
    let TalkScene { world, ana, .. } = &scene;
    let register = |change: Value| {
        let mut body =
            json!({ "email": "x@example.com", "password": "a heron over grey water", "name": "X" });
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        body
    };
    let table = [
        (json!({}), "email"),
        (register(json!({ "email": "no address" })), "email"),
        (register(json!({ "email": 5 })), "email"),
        (register(json!({ "password": "short" })), "password"),
        (register(json!({ "password": "password1234" })), "password"),
        (register(json!({ "password": long_text(129) })), "password"),
        (register(json!({ "name": long_text(300) })), "name"),
        (register(json!({ "username": "a b" })), "username"),
    ];
    expect_invalid(&world.anonymous(), Method::POST, "/v1/auth/register", &table).await;
    let table = [(json!({}), "password"), (json!({ "email": "x@example.com", "password": 1 }), "password")];
    expect_invalid(&world.anonymous(), Method::POST, "/v1/auth/login", &table).await;
    let table = [(json!({}), "email"), (json!({ "email": "x" }), "email")];
    expect_invalid(&world.anonymous(), Method::POST, "/v1/auth/password-reset", &table).await;
    expect_invalid(&ana.client, Method::POST, "/v1/auth/password", &[(json!({}), "current_password")]).await;
    let table = [(json!({ "name": long_text(300) }), "name")];
    expect_invalid(&ana.client, Method::PATCH, "/v1/users/me", &table).await;
    scene.assert_unchanged().await;
}

#[tokio::test]
async fn bad_bodies_of_presentations_change_nothing() {
    let Some(scene) = TalkScene::start("bad bodies of presentations").await else { return };
    let client = &scene.ana.client;
    let table = [
        (json!({}), "title"),
        (json!({ "title": "" }), "title"),
        (json!({ "title": long_text(201) }), "title"),
        (json!({ "title": ["x"] }), "title"),
        (json!({ "title": "x", "description": long_text(2001) }), "description"),
        (json!({ "title": "x", "speaker_notes": long_text(50_001) }), "speaker_notes"),
    ];
    expect_invalid(client, Method::POST, "/v1/presentations", &table).await;
    let table = [
        (json!({ "title": "" }), "title"),
        (json!({ "status": "sleeping" }), "status"),
        (json!({ "description": 7 }), "description"),
    ];
    expect_invalid(client, Method::PUT, &scene.presentation_path(), &table).await;
    scene.assert_unchanged().await;
}

#[tokio::test]
async fn bad_bodies_of_slides_change_nothing() {
    let Some(scene) = TalkScene::start("bad bodies of slides").await else { return };
    let client = &scene.ana.client;
    let presentation = scene.presentation_path();
    let option = |id: &str| json!({ "id": id, "text": "x", "order": 0 });
    let choice = |options: Value| json!({ "type": "question_choice", "content": { "question": "?", "options": options } });
    let table = [
        (json!({}), "type"),
        (json!({ "type": "dance" }), "type"),
        (json!({ "type": "content", "content": 3 }), "content"),
        (json!({ "type": "content", "content": { "text": long_text(10_001) } }), "content.text"),
        (json!({ "type": "question_text", "content": { "question": "" } }), "content.question"),
        (
            json!({ "type": "question_text", "content": { "question": "?", "max_length": 0 } }),
            "content.max_length",
        ),
        (choice(json!([option("a")])), "content.options"),
        (choice(json!((0..11).map(|n| option(&n.to_string())).collect::<Vec<_>>())), "content.options"),
        (choice(json!([option("a"), option("a")])), "content.options"),
        (choice(json!([option("a"), { "id": "b", "text": "", "order": 1 }])), "content.options[1].text"),
        (json!({ "type": "content", "order_index": -1 }), "order_index"),
    ];
    expect_invalid(client, Method::POST, &format!("{presentation}/slides"), &table).await;
    let table = [
        (json!({ "content": { "question": "", "options": [] } }), "content"),
        (json!({ "type": "dance" }), "type"),
    ];
    expect_invalid(client, Method::PUT, &scene.slide_path(), &table).await;
    let table = [(json!({}), "slide_ids"), (json!({ "slide_ids": "x" }), "slide_ids")];
    expect_invalid(client, Method::PUT, &format!("{presentation}/slides/reorder"), &table).await;
    scene.assert_unchanged().await;
}

#[tokio::test]
async fn bad_bodies_of_sessions_change_nothing() {
    let Some(scene) = TalkScene::start("bad bodies of sessions").await else { return };
    let TalkScene { world, ana, bo, session, .. } = &scene;
    let table = [(json!({}), "presentation_id"), (json!({ "presentation_id": "x" }), "presentation_id")];
    expect_invalid(&ana.client, Method::POST, "/v1/sessions", &table).await;
    let elsewhere = ana.create_presentation(1).await;
    let table = [
        (json!({}), "slide_id"),
        (json!({ "slide_id": 5 }), "slide_id"),
        (json!({ "slide_id": elsewhere.slides[0].id }), "slide_id"),
    ];
    expect_invalid(&ana.client, Method::POST, &format!("/v1/sessions/{}/slide", session.id), &table).await;
    let table = [
        (json!({ "display_name": long_text(101) }), "display_name"),
        (json!({ "participant_token": "x" }), "participant_token"),
    ];
    let join = format!("/v1/sessions/code/{}/join", session.code);
    expect_invalid(&world.anonymous(), Method::POST, &join, &table).await;
    let table = [
        (json!({}), "session_id"),
        (json!({ "session_id": session.id, "slide_id": "x", "content": {} }), "slide_id"),
    ];
    expect_invalid(&bo.client, Method::POST, "/v1/responses", &table).await;
    let table = [(json!({ "session_id": 5 }), "session_id")];
    expect_invalid(&ana.client, Method::POST, "/v1/realtime/tickets", &table).await;
    scene.assert_unchanged().await;
}

#[tokio::test]
async fn unreadable_bodies_change_nothing() {
    let Some(scene) = TalkScene::start("unreadable bodies").await else { return };
    let TalkScene { world, ana, bo, .. } = &scene;
    let presentation = scene.presentation_path();
    for (client, method, path) in [
        (&world.anonymous(), Method::POST, "/v1/auth/register".to_owned()),
        (&world.anonymous(), Method::POST, "/v1/auth/login".to_owned()),
        (&ana.client, Method::POST, "/v1/presentations".to_owned()),
        (&ana.client, Method::PUT, presentation.clone()),
        (&ana.client, Method::POST, format!("{presentation}/slides")),
        (&ana.client, Method::PUT, scene.slide_path()),
        (&ana.client, Method::POST, "/v1/sessions".to_owned()),
        (&bo.client, Method::POST, "/v1/responses".to_owned()),
    ] {
        expect_unreadable(client, method, &path).await;
    }
    scene.assert_unchanged().await;
}

#[tokio::test]
async fn unknown_ids_and_paths_change_nothing() {
    let Some(scene) = TalkScene::start("unknown ids and paths").await else { return };
    let client = &scene.ana.client;
    for id in [UNKNOWN_ID, "none", "a%20b", "..%2f..", &"9".repeat(400)] {
        for path in [
            "/v1/presentations/{}",
            "/v1/slides/{}",
            "/v1/sessions/{}",
            "/v1/users/{}",
            "/v1/presentations/{}/slides",
        ] {
            client.get(&path.replace("{}", id)).await.refused(404, "RESOURCE_NOT_FOUND");
        }
        let start = format!("/v1/sessions/{id}/start");
        client.post(&start, &json!({})).await.refused(404, "RESOURCE_NOT_FOUND");
        client.delete(&format!("/v1/presentations/{id}")).await.refused(404, "RESOURCE_NOT_FOUND");
    }
    let session = json!({ "presentation_id": UNKNOWN_ID });
    client.post("/v1/sessions", &session).await.refused(404, "RESOURCE_NOT_FOUND");
    client.delete("/v1/presentations").await.refused(405, "METHOD_NOT_ALLOWED");
    client.get("/v1/nothing/here").await.refused(404, "RESOURCE_NOT_FOUND");
    for list in ["/v1/presentations?limit=0", "/v1/presentations?limit=101", "/v1/sessions?limit=x"] {
        client.get(list).await.refused(422, "VALIDATION_ERROR");
    }
    let forged = client.get("/v1/presentations?cursor=Zm9yZ2Vk").await;
    assert!([400, 422].contains(&forged.status), "{}", forged.text);
    scene.assert_unchanged().await;
}

#[tokio::test]
async fn read_only_fields_and_impossible_transitions_change_nothing() {
    let Some(scene) = TalkScene::start("read-only fields").await else { return };
    let client = &scene.ana.client;
    let greedy = json!({ "role": "admin", "is_admin": true, "plan_type": "enterprise", "plan": "enterprise", "id": UNKNOWN_ID, "is_active": false });
    client.patch("/v1/users/me", &greedy).await.ok(200);
    let owner = json!({ "owner_id": UNKNOWN_ID, "speaker_id": UNKNOWN_ID, "id": UNKNOWN_ID, "created_at": "1970-01-01T00:00:00Z" });
    client.put(&scene.presentation_path(), &owner).await.ok(200);
    for transition in ["start", "resume"] {
        let path = format!("/v1/sessions/{}/{transition}", scene.session.id);
        client.post(&path, &json!({})).await.refused(409, "INVALID_TRANSITION");
    }
    scene.assert_unchanged().await;
}

/// Returns all state that a story could have changed.
async fn full_state(ana: &User, presentation: &str, session: &str) -> Value {
    let get = async |path: String| ana.client.get(&path).await.ok(200);
    json!({
        "me": get("/v1/users/me".into()).await,
        "presentation": get(format!("/v1/presentations/{presentation}")).await,
        "slides": get(format!("/v1/presentations/{presentation}/slides")).await,
        "session": get(format!("/v1/sessions/{session}")).await,
        "people": get(format!("/v1/sessions/{session}/participants")).await,
    })
}

#[tokio::test]
async fn invalid_frames_leave_the_connection_open() {
    let world = World::start().await;
    let ana = world.user("ana").await;
    let (presentation, session) = ana.start_session(1).await;
    let slide = &presentation.slides[0];
    let (_, mut socket) = session.join_and_connect(&world, "Bo").await;
    let valid = vote_payload(slide, "a", 1);
    let respond = |change: Value| {
        let mut payload = valid.clone();
        payload.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        json!({ "type": "response_submitted", "payload": payload }).to_string()
    };
    let deep = format!("{{\"type\":\"ping\",\"payload\":{}{}}}", "[".repeat(3_000), "]".repeat(3_000));
    for (frame, code, field) in [
        ("{", "parse_error", None),
        ("", "parse_error", None),
        ("[]", "parse_error", None),
        ("null", "parse_error", None),
        ("{}", "parse_error", None),
        (r#"{"type":7}"#, "parse_error", None),
        (deep.as_str(), "parse_error", None),
        (r#"{"type":"dance"}"#, "unknown_type", None),
        (r#"{"type":"$connect"}"#, "unknown_type", None),
        (r#"{"type":"$disconnect"}"#, "unknown_type", None),
        (r#"{"type":"session_ended"}"#, "unknown_type", None),
        (r#"{"type":"ping","payload":5}"#, "invalid_request", Some("payload")),
        (r#"{"type":"ping","payload":{"version":"x"}}"#, "invalid_request", None),
        (r#"{"type":"subscribe","payload":{"since":-1}}"#, "invalid_request", None),
        (r#"{"type":"join","payload":{"display_name":5}}"#, "invalid_request", None),
        (
            r#"{"type":"join","payload":{"participant_token":"x"}}"#,
            "invalid_request",
            Some("participant_token"),
        ),
        (r#"{"type":"join_speaker","payload":{}}"#, "invalid_request", Some("token")),
        (r#"{"type":"join_speaker","payload":{"token":"x"}}"#, "invalid_request", Some("token")),
        (r#"{"type":"response_submitted","payload":{}}"#, "invalid_request", Some("slide_id")),
        (&respond(json!({ "slide_id": "x" })), "invalid_request", None),
        (&respond(json!({ "slide_id": null })), "invalid_request", None),
        (&respond(json!({ "slide_id": "0193a000-0000-7000-8000-000000000000" })), "slide_not_current", None),
        (&respond(json!({ "seq": "x" })), "invalid_request", None),
        (&respond(json!({ "content": null })), "invalid_content", None),
        (&respond(json!({ "content": { "selected": ["x".repeat(20_000)] } })), "invalid_content", None),
    ] {
        socket.send_text(frame).await;
        let error = socket.wait_for("error").await;
        assert_eq!(
            (error["code"].as_str(), &error["fatal"]),
            (Some(code), &json!(false)),
            "{frame}: {error}"
        );
        assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()), "{frame}: {error}");
        if let Some(field) = field {
            assert_eq!(error["fields"][0]["field"], field, "{frame}: {error}");
        }
    }
    // the connection can still vote afterwards
    let mut presenter = ana.connect_to_session(&session).await;
    socket.send_text(&respond(json!({}))).await;
    presenter.wait_for_where("vote_update", |update| update["votes"]["a"] == 1).await;
    assert_eq!(session.responses_to_slide(slide).await["total"], 1);
    socket.receive_until_pong().await;
}

/// API Gateway closes these connections. No other client is affected.
#[tokio::test]
async fn oversized_frames_end_their_connection_only() {
    let Some(world) = World::with_quotas("frames that no gateway takes").await else { return };
    let ana = world.user("ana").await;
    let (_, session) = ana.start_session(1).await;
    let (_, mut other) = session.join_and_connect(&world, "Other").await;
    for (name, message, code) in [
        ("a binary frame", Message::binary(vec![1, 2, 3]), 1003),
        ("a text of 33 KB", Message::text("x".repeat(33 * 1024)), 1009),
    ] {
        let (guest, mut socket) = session.join_and_connect(&world, "Bo").await;
        socket.send_message(message).await;
        assert_eq!(socket.wait_closed().await, Some(code), "{name}");
        let (mut socket, _): (ClientSocket, Value) = guest.reconnect().await;
        socket.receive_until_pong().await;
    }
    other.receive_until_pong().await;
    assert_eq!(other.count("error"), 0);
}

/// A connection that floods gets a rate-limit error, and the other participants can still vote.
#[tokio::test]
async fn a_flood_of_frames_is_rate_limited() {
    let Some(world) = World::with_quotas("a flood").await else { return };
    let ana = world.user("ana").await;
    let (presentation, session) = ana.start_session(1).await;
    let (_, mut flooder) = session.join_and_connect(&world, "Flood").await;
    let (_, mut bo) = session.join_and_connect(&world, "Bo").await;
    for number in 0..120 {
        flooder.send("response_submitted", vote_payload(&presentation.slides[0], "a", number)).await;
    }
    let error = flooder.wait_for("error").await;
    assert_eq!((&error["code"], &error["fatal"]), (&json!("rate_limited"), &json!(false)));
    assert!(error["retry_after"].as_u64().is_some_and(|seconds| seconds > 0), "{error}");
    bo.send("response_submitted", vote_payload(&presentation.slides[0], "b", 1)).await;
    bo.wait_for_where("vote_update", |update| update["total_voters"] == 2).await;
    let answers = session.responses_to_slide(&presentation.slides[0]).await;
    assert_eq!(answers["total"], 2, "{answers}");
}

/// Every response carries its request id and the headers against sniffing and caching.
#[tokio::test]
async fn responses_carry_security_headers() {
    let world = World::start().await;
    let ana = world.user("ana").await;
    let good: ApiResponse = ana.client.get("/v1/users/me").await;
    let bad: ApiResponse = ana.client.get("/v1/sessions/none").await;
    for (name, answer) in [("a success", good), ("an error", bad)] {
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{name}");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{name}");
        assert!(answer.header("x-request-id").is_some_and(|id| !id.is_empty()), "{name}");
    }
    let nobody = world.anonymous().get("/v1/users/me").await;
    assert!(nobody.header("www-authenticate").is_some_and(|value| value.starts_with("Bearer")));
}
