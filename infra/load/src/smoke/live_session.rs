//! Slides, a session, a guest, sockets and a vote: what proves table, queues, workers and posts to connections at once.

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
const SOCKET_LOGS: &str = "the logs of socket-connections ($connect) and worker-sessions (the greeting), SessionsDeadLetters, and \
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

/// A socket that has been greeted.
struct GreetedSocket {
    socket: LoadSocket,
    /// The URL it was opened with: its ticket is spent.
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
        return list.skip_dependents("a session");
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
    let Some(mut stage) = list.check("socket", SOCKET_LOGS, connect_socket(ticket, "presenter", times)).await
    else {
        return list.skip_dependents("votes");
    };
    list.check("ping", "the log of the function socket-connections", check_ping(&mut stage.socket, times))
        .await;
    let spent = "the log of the function socket-connections: a ticket is good once";
    list.check("spent-ticket", spent, check_spent_ticket(&stage.url)).await;
    let Some(mut seat) =
        list.check("guest", SOCKET_LOGS, connect_socket(joined.url, "audience", times)).await
    else {
        return list.skip_dependents("votes");
    };
    list.check("presence", TICK_LOGS, check_presence(&mut stage.socket, 1)).await;
    list.check("vote", TICK_LOGS, check_vote(&mut seat.socket, &mut stage.socket, slides, times)).await;
    list.check("question", ANSWER_LOGS, check_question(&mut seat.socket)).await;
    let large = check_large_frame(guest, session, &joined.token, times);
    list.check("large-message", "API Gateway's quotas: 32 KB a frame", large).await;
    seat.socket.close().await;
    let look_at = "the log of the function socket-connections ($disconnect), then as for presence";
    list.check("leave", look_at, check_presence(&mut stage.socket, 0)).await;
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
    ensure!(listed.to_string().contains(&question), "the new slide is not among {listed}");
    Ok(CheckOutcome::with_value(
        "a presentation with a question",
        SmokePresentation { presentation, question },
    ))
}

/// The same request twice is done once.
async fn check_idempotency(presenter: &SmokeClient) -> anyhow::Result<CheckOutcome> {
    let body = json!({ "title": "Smoke, once" });
    let key = format!("smoke-{:016x}", rand::random::<u64>());
    let headers = [("idempotency-key", key.as_str())];
    let mut ids = Vec::new();
    for _ in 0..2 {
        let answer = presenter.send_json(Method::POST, "/v1/presentations", Some(&body), &headers).await?;
        ids.push(text_field(&answer.ok(201)?, "id")?.to_owned());
    }
    ensure!(ids[0] == ids[1], "one Idempotency-Key made two presentations");
    presenter.delete(&format!("/v1/presentations/{}", ids[0]), None).await?.ok(204)?;
    Ok(CheckOutcome::with_summary("the same request twice is one thing"))
}

async fn create_session(
    presenter: &SmokeClient,
    slides: &SmokePresentation,
) -> anyhow::Result<CheckOutcome<SmokeSession>> {
    let answer = presenter.post("/v1/sessions", &json!({ "presentation_id": slides.presentation })).await?;
    let made = answer.ok(201)?;
    let session = SmokeSession {
        id: text_field(&made, "id")?.to_owned(),
        code: text_field(&made, "join_code")?.to_owned(),
    };
    let path = format!("/v1/sessions/{}/start", session.id);
    let started = presenter.post(&path, &json!({})).await?.ok(200)?;
    ensure!(started["status"] == "active", "it started and is {}", started["status"]);
    Ok(CheckOutcome::with_value(format!("started, join code {}", session.code), session))
}

/// A guest, and the way to their seat.
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
    let (socket, state, said) = open_socket(&url, "session_state", times).await?;
    ensure!(state["role"] == role, "it is greeted as {}, not {role}", state["role"]);
    Ok(CheckOutcome::with_value(format!("{said} as {role}"), GreetedSocket { socket, url }))
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

async fn check_presence(stage: &mut LoadSocket, people: u64) -> anyhow::Result<CheckOutcome> {
    let asked = Instant::now();
    wait_for_event(stage, "participant_count", |count| count["participant_count"] == people).await?;
    Ok(CheckOutcome::with_summary(format!(
        "the presenter sees {people} after {} ms",
        asked.elapsed().as_millis()
    )))
}

async fn check_vote(
    seat: &mut LoadSocket,
    stage: &mut LoadSocket,
    slides: &SmokePresentation,
    times: &SmokeTimings,
) -> anyhow::Result<CheckOutcome> {
    let payload = json!({ "slide_id": slides.question, "content": { "selected": ["a"] }, "seq": 1 });
    let cast = Instant::now();
    seat.send("response_submitted", payload, Some(1)).await?;
    let mine = |update: &Value| update["slide_id"] == slides.question && update["votes"]["a"] == 1;
    wait_for_event(stage, "vote_update", mine).await?;
    let took = cast.elapsed();
    times.record(TimedOperation::Vote, took);
    Ok(CheckOutcome::with_summary(format!("on the presenter's screen in {} ms", took.as_millis())))
}

/// Whatever model the deployment asks: an answer is written, if only that there is none.
async fn check_question(seat: &mut LoadSocket) -> anyhow::Result<CheckOutcome> {
    let asked = Instant::now();
    seat.send("question_asked", json!({ "question_text": "Does it work?" }), Some(2)).await?;
    let answer = wait_for_event(seat, "ai_response", |answer| answer["is_complete"] == true).await?;
    let provider = answer["provider"].as_str().unwrap_or("nobody");
    Ok(CheckOutcome::with_summary(format!("answered by {provider} in {} ms", asked.elapsed().as_millis())))
}

/// From a second tab of the guest, since it is to cost the connection.
async fn check_large_frame(
    guest: &SmokeClient,
    session: &SmokeSession,
    token: &str,
    times: &SmokeTimings,
) -> anyhow::Result<CheckOutcome> {
    let path = format!("/v1/sessions/code/{}/join", session.code);
    let joined = guest.post(&path, &json!({ "participant_token": token })).await?.ok(201)?;
    let CheckOutcome { value: mut tab, .. } = connect_socket(socket_url(&joined)?, "audience", times).await?;
    // what is written after the other side has closed may fail; that it closed is what counts
    let _ = tab.socket.send("ping", json!({ "much": "x".repeat(40 * 1024) }), None).await;
    let closed = within_timeout(async {
        while let Some(event) = tab.socket.next_frame().await {
            ensure!(event.kind != "pong", "40 KB in one frame were accepted");
        }
        Ok::<_, anyhow::Error>(())
    });
    closed.await.context("the connection lives on after 40 KB in one frame")??;
    Ok(CheckOutcome::with_summary("40 KB in one frame end the connection"))
}

async fn check_statistics(
    presenter: &SmokeClient,
    session: &SmokeSession,
    slides: &SmokePresentation,
) -> anyhow::Result<CheckOutcome> {
    let body = presenter.get(&format!("/v1/sessions/{}/statistics", session.id)).await?.ok(200)?;
    let answered = &body["responses_per_slide"][&slides.question];
    ensure!(*answered == 1, "of one vote, {answered} are there");
    Ok(CheckOutcome::with_summary("one vote of one"))
}

async fn end_session(presenter: &SmokeClient, session: &SmokeSession) -> anyhow::Result<CheckOutcome> {
    let answer = presenter.post(&format!("/v1/sessions/{}/end", session.id), &json!({})).await?;
    ensure!(answer.ok(200)?["status"] == "ended", "it does not end");
    Ok(CheckOutcome::with_summary(answer.status_and_time()))
}

async fn clean_up(presenter: &SmokeClient, slides: &SmokePresentation) -> anyhow::Result<CheckOutcome> {
    let answer = presenter.delete(&format!("/v1/presentations/{}", slides.presentation), None).await?;
    answer.ok(204)?;
    Ok(CheckOutcome::with_summary("the presentation is deleted"))
}
