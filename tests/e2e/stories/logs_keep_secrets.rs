use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
};

use serde_json::json;
use tracing_subscriber::fmt::MakeWriter;

use crate::world::{World, mail::token_of, users::vote_payload};

#[derive(Clone, Default)]
struct CapturedLog(Arc<Mutex<Vec<u8>>>);

impl Write for CapturedLog {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(text)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for CapturedLog {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Puts markers into all private data, then searches the whole log for them (RELIABILITY 43).
#[tokio::test]
async fn logs_keep_secrets() {
    let paper = CapturedLog::default();
    let subscriber = tracing_subscriber::fmt().with_writer(paper.clone()).with_ansi(false).json();
    let _listening =
        tracing::subscriber::set_default(subscriber.with_max_level(tracing::Level::INFO).finish());
    let Some(world) = World::local_only("the log").await else { return };

    let ana = world.user("quaggamail").await;
    let (presentation, session) = ana.start_session(1).await;
    let notes =
        json!({ "speaker_notes": "QUAGGANOTES", "description": "QUAGGATEXT\n{\"level\":\"FORGED\"}" });
    ana.client.put(&format!("/v1/presentations/{}", presentation.id), &notes).await.ok(200);
    let mut presenter = ana.connect_to_session(&session).await;
    let (bo, mut socket) = session.join_and_connect(&world, "QUAGGANAME").await;
    socket.send("response_submitted", vote_payload(&presentation.slides[0], "a", 1)).await;
    socket.send_text(r#"{"type":"QUAGGATYPE","x":"QUAGGAFRAME"}"#).await;
    presenter.wait_for("vote_update").await;
    let wrong = json!({ "email": ana.email, "password": "QUAGGAPASSWORD is wrong" });
    world.anonymous().post("/v1/auth/login", &wrong).await.refused(401, "UNAUTHORIZED");
    let unknown = json!({ "email": "quaggaunknown@example.com", "password": "QUAGGAPASSWORD is wrong" });
    world.anonymous().post("/v1/auth/login", &unknown).await.refused(401, "UNAUTHORIZED");
    world.anonymous().post("/v1/auth/password-reset", &json!({ "email": ana.email })).await.ok(200);
    world.anonymous().get("/v1/users/me?access_token=QUAGGAQUERY").await.refused(401, "UNAUTHORIZED");
    let reset = token_of(&world.newest_mail(&ana.email, "Choose a new password").await, "/reset");
    let proof = world.verification_mail(&ana.email).await;
    let wrong = json!({ "token": format!("{}QUAGGA", proof.token) });
    let linked = world.anonymous().post("/v1/auth/email-verification/link", &wrong).await;
    linked.refused(400, "INVALID_TOKEN");
    let code = json!({ "code": proof.code });
    ana.client.post("/v1/auth/email-verification/confirm", &code).await.ok(200);
    let moved = json!({ "email": format!("quaggamoved-{}", ana.email), "current_password": ana.password });
    ana.client.patch("/v1/users/me", &moved).await.ok(200);
    world.wait_for_jobs().await;

    let log = String::from_utf8(paper.0.lock().unwrap().clone()).unwrap();
    assert!(log.lines().count() > 20, "the functions log into this: {log}");
    for line in log.lines() {
        let parsed: Result<serde_json::Value, _> = serde_json::from_str(line);
        assert!(parsed.is_ok(), "one line, one entry: {line}");
    }
    let (access, refresh, guest) = (&ana.access_token, &ana.refresh_token, &bo.token);
    let lower = log.to_lowercase();
    for secret in [
        "quagga",
        "forged",
        &ana.password,
        access,
        refresh,
        guest,
        &reset,
        &proof.token,
        "203.0.113",
        "\"a heron",
    ] {
        assert!(
            !lower.contains(&secret.to_lowercase()),
            "{secret} is in the log: {}",
            around(&lower, secret)
        );
    }
    for field in ["request_id", "duration_ms", "status", &ana.id] {
        assert!(log.contains(field), "the log does not contain {field}");
    }
}

/// A request, its job, and the job that follows from that job have one request id.
#[tokio::test]
async fn one_request_id_finds_a_request_and_its_jobs() {
    let captured = CapturedLog::default();
    let subscriber =
        tracing_subscriber::fmt().with_writer(captured.clone()).with_ansi(false).json().flatten_event(true);
    let _listening =
        tracing::subscriber::set_default(subscriber.with_max_level(tracing::Level::INFO).finish());
    let Some(world) = World::local_only("the log").await else { return };

    let ana = world.user("ana").await;
    ana.client.patch("/v1/users/me", &json!({ "username": "ana" })).await.ok(200);
    let (_, session) = ana.start_session(1).await;
    ana.connect_to_session(&session).await;
    world.wait_for_jobs().await;

    let log = String::from_utf8(captured.0.lock().unwrap().clone()).unwrap();
    let lines: Vec<serde_json::Value> =
        log.lines().map(|line| serde_json::from_str(line).expect("one line, one entry")).collect();
    let jobs_of = |is_origin: &dyn Fn(&serde_json::Value) -> bool| -> Vec<String> {
        let origin = lines.iter().rev().find(|line| is_origin(line)).expect("the request is in the log");
        let id = origin["span"]["request_id"].as_str().expect("a request id");
        let same = lines.iter().filter(|line| line["span"]["request_id"] == id && line["message"] == "done");
        same.map(|line| line["span"]["job"].as_str().expect("a job").to_owned()).collect()
    };
    let renamed = jobs_of(&|line| line["method"] == "PATCH" && line["path"] == "/v1/users/me");
    assert!(renamed.contains(&"account_changed.v1".to_owned()), "{renamed:?}");
    assert!(renamed.contains(&"sync_profile.v1".to_owned()), "forwarded: {renamed:?}");
    let connected = jobs_of(&|line| line["route"] == "$connect");
    assert!(connected.contains(&"connection_opened.v1".to_owned()), "{connected:?}");
    let opened = lines.iter().find(|line| line["span"]["job"] == "connection_opened.v1").expect("a job");
    assert!(opened["span"]["connection"].is_string(), "{opened}");
}

fn around<'a>(log: &'a str, secret: &str) -> &'a str {
    log.lines().find(|line| line.contains(&secret.to_lowercase())).unwrap_or_default()
}
