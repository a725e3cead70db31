//! Checks slides, a session, a guest, sockets and a vote. Together they need the table, the queues, the workers and
//! posts to connections.

use std::time::Instant;

use anyhow::{Context, bail, ensure};
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    checklist::{CheckOutcome, Checklist},
    smoke_client::{SmokeClient, SmokeTimings, TimedOperation, text_field},
    socket_client::{check_ping, open_socket, socket_url, wait_for_event, within_timeout},
};
use crate::load_socket::LoadSocket;

const SESSION_LOGS: &str = "the log of the function api-sessions";
const SOCKET_LOGS: &str = "the logs of socket-connections ($connect) and worker-sessions (the session state), SessionsDeadLetters, and \
    execute-api:ManageConnections in their roles";
const TICK_LOGS: &str =
    "the logs of socket-sessions and worker-sessions, TicksDeadLetters, and execute-api:ManageConnections";

const ANSWER_LOGS: &str =
    "the logs of socket-sessions and worker-answers, AnswersDeadLetters, and ModelProvider with its key";

struct SmokePresentation {
    presentation: String,
    question: String,
}

struct SmokeSession {
    id: String,
    code: String,
}

/// A socket that has received its first state.
struct GreetedSocket {
    socket: LoadSocket,
    /// The URL of the socket, whose ticket is used.
    url: String,
}

pub(super) async fn check_live_session(
    list: &mut Checklist<'_>,
    presenter: &SmokeClient,
    guest: &SmokeClient,
    times: &SmokeTimings,
) {
    let look_at = "the log of the function api-presentations";
    let Some(slides) = list.check("slides", look_at, create_presentation(presenter)).await else {
        return list.skip_dependents("session");
    };
    list.check("once", "shared/entry/src/http/idempotency.rs", check_idempotency(presenter)).await;
    if let Some(session) = list.check("session", SESSION_LOGS, create_session(presenter, &slides)).await {
        check_session_steps(list, presenter, guest, (&session, &slides), times).await;
        list.check("end", SESSION_LOGS, end_session(presenter, &session)).await;
    }
    list.check("clean-up", look_at, clean_up(presenter, &slides)).await;
}

async fn check_session_steps(
    list: &mut Checklist<'_>,
    presenter: &SmokeClient,
    guest: &SmokeClient,
    (session, slides): (&SmokeSession, &SmokePresentation),
    times: &SmokeTimings,
) {
    let joined = list.check("join", SESSION_LOGS, join_as_guest(guest, session)).await;
    let ticket =
        list.check("ticket", "the log of the function api-sockets", create_ticket(presenter, session)).await;
    let (Some(joined), Some(ticket)) = (joined, ticket) else { return list.skip_dependents("sockets") };
    let Some(mut presenter_socket) =
        list.check("socket", SOCKET_LOGS, connect_socket(ticket, "presenter", times)).await
    else {
        return list.skip_dependents("votes");
    };
    list.check(
        "ping",
        "the log of the function socket-connections",
        check_ping(&mut presenter_socket.socket, times),
    )
    .await;
    let look_at_ticket = "the log of the function socket-connections: a ticket is valid once";
    list.check("spent-ticket", look_at_ticket, check_spent_ticket(&presenter_socket.url)).await;
    let Some(mut guest_socket) =
        list.check("guest", SOCKET_LOGS, connect_socket(joined.url, "audience", times)).await
    else {
        return list.skip_dependents("votes");
    };
    list.check("presence", TICK_LOGS, check_presence(&mut presenter_socket.socket, 1)).await;
    list.check(
        "vote",
        TICK_LOGS,
        check_vote(&mut guest_socket.socket, &mut presenter_socket.socket, slides, times),
    )
    .await;
    list.check("question", ANSWER_LOGS, check_question(&mut guest_socket.socket)).await;
    let large = check_large_frame(guest, session, &joined.token, times);
    list.check("large-message", "API Gateway's quotas: 32 KB a frame", large).await;
    guest_socket.socket.close().await;
    let look_at =
        "the log of the function socket-connections ($disconnect), then the logs of the check presence";
    list.check("leave", look_at, check_presence(&mut presenter_socket.socket, 0)).await;
    list.check("statistics", SESSION_LOGS, check_statistics(presenter, session, slides)).await;
}

async fn create_presentation(presenter: &SmokeClient) -> anyhow::Result<CheckOutcome<SmokePresentation>> {
    let answer = presenter.post("/v1/presentations", &json!({ "title": "Smoke" })).await?;
    let presentation = text_field(&answer.ok(201)?, "id")?.to_owned();
    let options = ["a", "b"].map(|id| json!({ "id": id, "text": format!("Answer {id}"), "order": 0 }));
    let question = json!({
        "type": "question_choice",
        "content": { "question": "Does it work?", "options": options, "show_results": true },
    });
    let path = format!("/v1/presentations/{presentation}/slides");
    let question = text_field(&presenter.post(&path, &question).await?.ok(201)?, "id")?.to_owned();
    let listed = presenter.get(&path).await?.ok(200)?;
    ensure!(listed.to_string().contains(&question), "the list lacks the new slide: {listed}");
    Ok(CheckOutcome::with_value(
        "a presentation with a question",
        SmokePresentation { presentation, question },
    ))
}

/// Checks that a repeated request with the same `Idempotency-Key` runs once.
async fn check_idempotency(presenter: &SmokeClient) -> anyhow::Result<CheckOutcome> {
    let body = json!({ "title": "Smoke, once" });
    let key = format!("smoke-{:016x}", rand::random::<u64>());
    let headers = [("idempotency-key", key.as_str())];
    let mut ids = Vec::new();
    for _ in 0..2 {
        let answer = presenter.send_json(Method::POST, "/v1/presentations", Some(&body), &headers).await?;
        ids.push(text_field(&answer.ok(201)?, "id")?.to_owned());
    }
    ensure!(ids[0] == ids[1], "the same Idempotency-Key created two presentations");
    presenter.delete(&format!("/v1/presentations/{}", ids[0]), None).await?.ok(204)?;
    Ok(CheckOutcome::with_summary("the repeated request ran once"))
}

async fn create_session(
    presenter: &SmokeClient,
    slides: &SmokePresentation,
) -> anyhow::Result<CheckOutcome<SmokeSession>> {
    let answer = presenter.post("/v1/sessions", &json!({ "presentation_id": slides.presentation })).await?;
    let created = answer.ok(201)?;
    let session = SmokeSession {
        id: text_field(&created, "id")?.to_owned(),
        code: text_field(&created, "join_code")?.to_owned(),
    };
    let path = format!("/v1/sessions/{}/start", session.id);
    let started = presenter.post(&path, &json!({})).await?.ok(200)?;
    ensure!(started["status"] == "active", "the started session has the status {}", started["status"]);
    Ok(CheckOutcome::with_value(format!("started, join code {}", session.code), session))
}

/// The socket URL and token of a guest.
struct JoinedGuest {
    url: String,
    token: String,
}

async fn join_as_guest(
    guest: &SmokeClient,
    session: &SmokeSession,
) -> anyhow::Result<CheckOutcome<JoinedGuest>> {
    let path = format!("/v1/sessions/code/{}/join", session.code);
    let answer = guest.post(&path, &json!({ "display_name": "Guest" })).await?;
    let body = answer.ok(201)?;
    let joined =
        JoinedGuest { url: socket_url(&body)?, token: text_field(&body, "participant_token")?.to_owned() };
    Ok(CheckOutcome::with_value(format!("{}, without an account", answer.status_and_time()), joined))
}

async fn create_ticket(
    presenter: &SmokeClient,
    session: &SmokeSession,
) -> anyhow::Result<CheckOutcome<String>> {
    let answer = presenter.post("/v1/realtime/tickets", &json!({ "session_id": session.id })).await?;
    let url = socket_url(&answer.ok(201)?)?;
    let shown = url.split('?').next().unwrap_or_default().to_owned();
    Ok(CheckOutcome::with_value(format!("to {shown}"), url))
}

async fn connect_socket(
    url: String,
    role: &str,
    times: &SmokeTimings,
) -> anyhow::Result<CheckOutcome<GreetedSocket>> {
    let (socket, state, summary) = open_socket(&url, "session_state", times).await?;
    ensure!(state["role"] == role, "the session state has the role {}, not {role}", state["role"]);
    Ok(CheckOutcome::with_value(format!("{summary} as {role}"), GreetedSocket { socket, url }))
}

async fn check_spent_ticket(url: &str) -> anyhow::Result<CheckOutcome> {
    match within_timeout(LoadSocket::connect(url)).await? {
        Ok(socket) => {
            socket.close().await;
            bail!("a second socket was opened with the same ticket")
        }
        Err(error) => Ok(CheckOutcome::with_summary(format!("a second socket is refused: {error}"))),
    }
}

async fn check_presence(presenter_socket: &mut LoadSocket, people: u64) -> anyhow::Result<CheckOutcome> {
    let started = Instant::now();
    wait_for_event(presenter_socket, "participant_count", |count| count["participant_count"] == people)
        .await?;
    Ok(CheckOutcome::with_summary(format!(
        "the presenter sees {people} after {} ms",
        started.elapsed().as_millis()
    )))
}

async fn check_vote(
    guest_socket: &mut LoadSocket,
    presenter_socket: &mut LoadSocket,
    slides: &SmokePresentation,
    times: &SmokeTimings,
) -> anyhow::Result<CheckOutcome> {
    let payload = json!({ "slide_id": slides.question, "content": { "selected": ["a"] }, "seq": 1 });
    let sent = Instant::now();
    guest_socket.send("response_submitted", payload, Some(1)).await?;
    let counts_vote = |update: &Value| update["slide_id"] == slides.question && update["votes"]["a"] == 1;
    wait_for_event(presenter_socket, "vote_update", counts_vote).await?;
    let took = sent.elapsed();
    times.record(TimedOperation::Vote, took);
    Ok(CheckOutcome::with_summary(format!("on the presenter's screen in {} ms", took.as_millis())))
}

/// Checks that a question is answered. Without a model, the answer says so.
async fn check_question(guest_socket: &mut LoadSocket) -> anyhow::Result<CheckOutcome> {
    let started = Instant::now();
    guest_socket.send("question_asked", json!({ "question_text": "Does it work?" }), Some(2)).await?;
    let answer = wait_for_event(guest_socket, "ai_response", |answer| answer["is_complete"] == true).await?;
    let provider = answer["provider"].as_str().unwrap_or("no provider");
    Ok(CheckOutcome::with_summary(format!("answered by {provider} in {} ms", started.elapsed().as_millis())))
}

/// Sends the frame from another tab of the guest, because the server closes the connection.
async fn check_large_frame(
    guest: &SmokeClient,
    session: &SmokeSession,
    token: &str,
    times: &SmokeTimings,
) -> anyhow::Result<CheckOutcome> {
    let path = format!("/v1/sessions/code/{}/join", session.code);
    let joined = guest.post(&path, &json!({ "participant_token": token })).await?.ok(201)?;
    let CheckOutcome { value: mut tab, .. } = connect_socket(socket_url(&joined)?, "audience", times).await?;
    // sending may fail after the server has closed; only the close matters
    let _ = tab.socket.send("ping", json!({ "padding": "x".repeat(40 * 1024) }), None).await;
    let closed = within_timeout(async {
        while let Some(event) = tab.socket.next_frame().await {
            ensure!(event.kind != "pong", "a frame of 40 KB was accepted");
        }
        Ok::<_, anyhow::Error>(())
    });
    closed.await.context("the connection stays open after a frame of 40 KB")??;
    Ok(CheckOutcome::with_summary("a frame of 40 KB closes the connection"))
}

async fn check_statistics(
    presenter: &SmokeClient,
    session: &SmokeSession,
    slides: &SmokePresentation,
) -> anyhow::Result<CheckOutcome> {
    let body = presenter.get(&format!("/v1/sessions/{}/statistics", session.id)).await?.ok(200)?;
    let answered = &body["responses_per_slide"][&slides.question];
    ensure!(*answered == 1, "the statistics count {answered} votes instead of 1");
    Ok(CheckOutcome::with_summary("1 vote counted"))
}

async fn end_session(presenter: &SmokeClient, session: &SmokeSession) -> anyhow::Result<CheckOutcome> {
    let answer = presenter.post(&format!("/v1/sessions/{}/end", session.id), &json!({})).await?;
    ensure!(answer.ok(200)?["status"] == "ended", "the session did not end");
    Ok(CheckOutcome::with_summary(answer.status_and_time()))
}

async fn clean_up(presenter: &SmokeClient, slides: &SmokePresentation) -> anyhow::Result<CheckOutcome> {
    let answer = presenter.delete(&format!("/v1/presentations/{}", slides.presentation), None).await?;
    answer.ok(204)?;
    Ok(CheckOutcome::with_summary("the presentation is deleted"))
}
