use reqwest::Method;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::world::{ApiClient, ApiResponse, ClientSocket, User, World, users::vote_payload};

/// An invalid body, as the sent JSON and the field that the error names.
type InvalidInput = (Value, &'static str);

async fn expect_invalid(client: &ApiClient, method: &Method, path: &str, table: &[InvalidInput]) {
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
async fn expect_unreadable(client: &ApiClient, method: &Method, path: &str) {
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

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "it is tables")]
async fn bad_bodies_change_nothing() {
    let Some(world) = World::local_only("tables of bad bodies").await else { return };
    let ana = world.user("ana").await;
    let (presentation, session) = ana.start_session(2).await;
    let bo = session.join(&world, Some("Bo")).await;
    let before = full_state(&ana, &presentation.id, &session.id).await;
    let (one, slide) = (format!("/v1/presentations/{}", presentation.id), &presentation.slides[0].id);
    let long = |length: usize| "ä".repeat(length);
    let (post, put) = (Method::POST, Method::PUT);

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
        (register(json!({ "password": long(129) })), "password"),
        (register(json!({ "name": long(300) })), "name"),
        (register(json!({ "username": "a b" })), "username"),
    ];
    expect_invalid(&world.anonymous(), &post, "/v1/auth/register", &table).await;
    let table = [(json!({}), "password"), (json!({ "email": "x@example.com", "password": 1 }), "password")];
    expect_invalid(&world.anonymous(), &post, "/v1/auth/login", &table).await;
    let table =
        [(json!({}), "title"), (json!({ "title": "" }), "title"), (json!({ "title": long(201) }), "title")];
    expect_invalid(&ana.client, &post, "/v1/presentations", &table).await;
    let more = [
        (json!({ "title": ["x"] }), "title"),
        (json!({ "title": "x", "description": long(2001) }), "description"),
        (json!({ "title": "x", "speaker_notes": long(50_001) }), "speaker_notes"),
    ];
    expect_invalid(&ana.client, &post, "/v1/presentations", &more).await;
    let table = [
        (json!({ "title": "" }), "title"),
        (json!({ "status": "sleeping" }), "status"),
        (json!({ "description": 7 }), "description"),
    ];
    expect_invalid(&ana.client, &put, &one, &table).await;

    let option = |id: &str| json!({ "id": id, "text": "x", "order": 0 });
    let choice = |options: Value| json!({ "type": "question_choice", "content": { "question": "?", "options": options } });
    let table = [
        (json!({}), "type"),
        (json!({ "type": "dance" }), "type"),
        (json!({ "type": "content", "content": 3 }), "content"),
        (json!({ "type": "content", "content": { "text": long(10_001) } }), "content.text"),
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
    expect_invalid(&ana.client, &post, &format!("{one}/slides"), &table).await;
    let table = [
        (json!({ "content": { "question": "", "options": [] } }), "content"),
        (json!({ "type": "dance" }), "type"),
    ];
    expect_invalid(&ana.client, &put, &format!("/v1/slides/{slide}"), &table).await;
    expect_invalid(
        &ana.client,
        &put,
        &format!("{one}/slides/reorder"),
        &[(json!({}), "slide_ids"), (json!({ "slide_ids": "x" }), "slide_ids")],
    )
    .await;

    let table = [(json!({}), "presentation_id"), (json!({ "presentation_id": "x" }), "presentation_id")];
    expect_invalid(&ana.client, &post, "/v1/sessions", &table).await;
    let elsewhere = ana.create_presentation(1).await;
    let table = [
        (json!({}), "slide_id"),
        (json!({ "slide_id": 5 }), "slide_id"),
        (json!({ "slide_id": elsewhere.slides[0].id }), "slide_id"),
    ];
    expect_invalid(&ana.client, &post, &format!("/v1/sessions/{}/slide", session.id), &table).await;
    let table = [
        (json!({ "display_name": long(101) }), "display_name"),
        (json!({ "participant_token": "x" }), "participant_token"),
    ];
    expect_invalid(&world.anonymous(), &post, &format!("/v1/sessions/code/{}/join", session.code), &table)
        .await;
    let table = [
        (json!({}), "session_id"),
        (json!({ "session_id": session.id, "slide_id": "x", "content": {} }), "slide_id"),
    ];
    expect_invalid(&bo.client, &post, "/v1/responses", &table).await;
    expect_invalid(&ana.client, &post, "/v1/realtime/tickets", &[(json!({ "session_id": 5 }), "session_id")])
        .await;
    expect_invalid(&ana.client, &post, "/v1/auth/password", &[(json!({}), "current_password")]).await;
    expect_invalid(&ana.client, &Method::PATCH, "/v1/users/me", &[(json!({ "name": long(300) }), "name")])
        .await;
    expect_invalid(
        &world.anonymous(),
        &post,
        "/v1/auth/password-reset",
        &[(json!({}), "email"), (json!({ "email": "x" }), "email")],
    )
    .await;

    for (client, method, path) in [
        (&world.anonymous(), &post, "/v1/auth/register".to_owned()),
        (&world.anonymous(), &post, "/v1/auth/login".to_owned()),
        (&ana.client, &post, "/v1/presentations".to_owned()),
        (&ana.client, &put, one.clone()),
        (&ana.client, &post, format!("{one}/slides")),
        (&ana.client, &put, format!("/v1/slides/{slide}")),
        (&ana.client, &post, "/v1/sessions".to_owned()),
        (&bo.client, &post, "/v1/responses".to_owned()),
    ] {
        expect_unreadable(client, method, &path).await;
    }

    // malformed ids, ids that do not exist, and read-only fields
    let none = "0193a000-0000-7000-8000-000000000000";
    for id in [none, "none", "a%20b", "..%2f..", &"9".repeat(400)] {
        for path in [
            "/v1/presentations/{}",
            "/v1/slides/{}",
            "/v1/sessions/{}",
            "/v1/users/{}",
            "/v1/presentations/{}/slides",
        ] {
            ana.client.get(&path.replace("{}", id)).await.refused(404, "RESOURCE_NOT_FOUND");
        }
        ana.client
            .post(&format!("/v1/sessions/{id}/start"), &json!({}))
            .await
            .refused(404, "RESOURCE_NOT_FOUND");
        ana.client.delete(&format!("/v1/presentations/{id}")).await.refused(404, "RESOURCE_NOT_FOUND");
    }
    ana.client
        .post("/v1/sessions", &json!({ "presentation_id": none }))
        .await
        .refused(404, "RESOURCE_NOT_FOUND");
    ana.client.delete("/v1/presentations").await.refused(405, "METHOD_NOT_ALLOWED");
    ana.client.get("/v1/nothing/here").await.refused(404, "RESOURCE_NOT_FOUND");
    let greedy = json!({ "role": "admin", "is_admin": true, "plan_type": "enterprise", "plan": "enterprise", "id": none, "is_active": false });
    ana.client.patch("/v1/users/me", &greedy).await.ok(200);
    let owner =
        json!({ "owner_id": none, "speaker_id": none, "id": none, "created_at": "1970-01-01T00:00:00Z" });
    ana.client.put(&one, &owner).await.ok(200);
    for list in ["/v1/presentations?limit=0", "/v1/presentations?limit=101", "/v1/sessions?limit=x"] {
        ana.client.get(list).await.refused(422, "VALIDATION_ERROR");
    }
    let forged = ana.client.get("/v1/presentations?cursor=Zm9yZ2Vk").await;
    assert!([400, 422].contains(&forged.status), "{}", forged.text);

    // invalid states
    let path = format!("/v1/sessions/{}", session.id);
    ana.client.post(&format!("{path}/start"), &json!({})).await.refused(409, "INVALID_TRANSITION");
    ana.client.post(&format!("{path}/resume"), &json!({})).await.refused(409, "INVALID_TRANSITION");

    let after = full_state(&ana, &presentation.id, &session.id).await;
    for (what, was) in before.as_object().unwrap() {
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
    for (message, code) in
        [(Message::binary(vec![1, 2, 3]), 1003), (Message::text("x".repeat(33 * 1024)), 1009)]
    {
        let (guest, mut socket) = session.join_and_connect(&world, "Bo").await;
        socket.send_message(message).await;
        assert_eq!(socket.wait_closed().await, Some(code));
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
    for answer in [good, bad] {
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert!(answer.header("x-request-id").is_some_and(|id| !id.is_empty()));
    }
    let nobody = world.anonymous().get("/v1/users/me").await;
    assert!(nobody.header("www-authenticate").is_some_and(|value| value.starts_with("Bearer")));
}
