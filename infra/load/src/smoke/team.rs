//! Checks a channel, a message and its delivery. Together they need the chat's functions, queue and partitions.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    checklist::{CheckOutcome, Checklist},
    smoke_client::{SmokeClient, SmokeTimings, TimedOperation, text_field},
    socket_client::{check_ping, open_socket, socket_url, wait_for_event},
};
use crate::load_socket::LoadSocket;

const CHAT_LOGS: &str = "the log of the function api-chat";
const SOCKET_LOGS: &str =
    "the logs of socket-connections, worker-chat (the first event) and socket-chat, and ChatDeadLetters";
/// How long the job of a message may take.
const JOB_TIMEOUT: Duration = Duration::from_secs(15);

pub(super) async fn check_team_chat(list: &mut Checklist<'_>, client: &SmokeClient, times: &SmokeTimings) {
    let look_at = "the log of the function api-identity";
    if list.check("user-name", look_at, choose_user_name(client)).await.is_none() {
        return list.skip_dependents("team chat");
    }
    let Some(channel) = list.check("channel", CHAT_LOGS, create_channel(client)).await else {
        return list.skip_dependents("messages");
    };
    if let Some(mut socket) =
        list.check("team-socket", SOCKET_LOGS, connect_socket(client, &channel, times)).await
    {
        list.check("team-ping", "the log of the function socket-connections", check_ping(&mut socket, times))
            .await;
        list.check("message", CHAT_LOGS, check_message(client, &mut socket, &channel, times)).await;
        list.check("replay", "the log of the function socket-chat", check_replay(&mut socket, &channel))
            .await;
        socket.close().await;
    } else {
        list.skip_dependents("messages");
    }
    list.check("search", "the log of worker-chat, MessageProcessingDeadLetters", check_search(client)).await;
    list.check("channel-gone", CHAT_LOGS, delete_channel(client, &channel)).await;
}

/// A user name makes the account a member of the team.
async fn choose_user_name(client: &SmokeClient) -> anyhow::Result<CheckOutcome> {
    let name = format!("smoke_{:014x}", rand::random::<u64>() >> 8);
    let answer =
        client.send_json(Method::PATCH, "/v1/users/me", Some(&json!({ "username": name })), &[]).await?;
    ensure!(answer.ok(200)?["username"] == name, "the account has another user name");
    Ok(CheckOutcome::with_summary(name))
}

/// Creates a private channel, so that the test does not disturb the team.
async fn create_channel(client: &SmokeClient) -> anyhow::Result<CheckOutcome<String>> {
    let name = format!("smoke-{:016x}", rand::random::<u64>());
    let body = json!({ "name": name, "is_private": true });
    let created = client.post("/v1/channels", &body).await?.ok(201)?;
    let id = text_field(&created, "id")?.to_owned();
    let channels = client.get("/v1/channels/my").await?.ok(200)?;
    ensure!(channels.to_string().contains(&id), "the list lacks the new channel: {channels}");
    client.post("/v1/channels", &body).await?.refused(409, "CHANNEL_NAME_TAKEN")?;
    Ok(CheckOutcome::with_value(format!("#{name}, private"), id))
}

async fn connect_socket(
    client: &SmokeClient,
    channel: &str,
    times: &SmokeTimings,
) -> anyhow::Result<CheckOutcome<LoadSocket>> {
    let ticket = client.post("/v1/realtime/tickets", &json!({})).await?.ok(201)?;
    let (socket, greeted, summary) =
        open_socket(&socket_url(&ticket)?, "connection_established", times).await?;
    ensure!(greeted.to_string().contains(channel), "the first event lacks the channel: {greeted}");
    Ok(CheckOutcome::with_value(summary, socket))
}

/// Checks that a message that is sent twice is stored once and delivered.
async fn check_message(
    client: &SmokeClient,
    socket: &mut LoadSocket,
    channel: &str,
    times: &SmokeTimings,
) -> anyhow::Result<CheckOutcome> {
    let body = json!({ "channel_id": channel, "content": "a heron nests", "client_msg_id": "smoke-1" });
    let sent = Instant::now();
    let first = client.post("/v1/messages", &body).await?.ok(201)?;
    wait_for_event(socket, "new_message", |message| message["id"] == first["id"]).await?;
    let took = sent.elapsed();
    times.record(TimedOperation::Message, took);
    let again = client.post("/v1/messages", &body).await?;
    let again: Value = serde_json::from_str(&again.text).context("the retry's response is not JSON")?;
    ensure!(again["id"] == first["id"], "the retry created a second message: {again}");
    let read = client.get(&format!("/v1/messages/channel/{channel}")).await?.ok(200)?;
    ensure!(read["items"].as_array().is_some_and(|items| items.len() == 1), "expected one message: {read}");
    Ok(CheckOutcome::with_summary(format!("received in {} ms, stored once", took.as_millis())))
}

/// Checks that a reconnecting client receives what it missed.
async fn check_replay(socket: &mut LoadSocket, channel: &str) -> anyhow::Result<CheckOutcome> {
    let since = json!({ "channel_id": channel, "since": { "seq": 0, "change": 0 } });
    socket.send("join_channel", since, Some(2)).await?;
    let missed =
        wait_for_event(socket, "channel_changes", |changes| changes["channel_id"] == channel).await?;
    ensure!(
        missed["messages"].as_array().is_some_and(|all| all.len() == 1),
        "expected one message: {missed}"
    );
    let joined = wait_for_event(socket, "channel_joined", |joined| joined["channel_id"] == channel).await?;
    ensure!(joined["seq"] == 1, "the channel has seq {} instead of 1", joined["seq"]);
    Ok(CheckOutcome::with_summary("the missed message was received"))
}

/// Checks the search, whose index a job updates.
async fn check_search(client: &SmokeClient) -> anyhow::Result<CheckOutcome> {
    let started = Instant::now();
    loop {
        let found = client.get("/v1/messages/search?q=heron").await?.ok(200)?;
        if found["items"].as_array().is_some_and(|items| items.len() == 1) {
            return Ok(CheckOutcome::with_summary(format!(
                "found by word after {} ms",
                started.elapsed().as_millis()
            )));
        }
        ensure!(started.elapsed() < JOB_TIMEOUT, "not found within {} s: {found}", JOB_TIMEOUT.as_secs());
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

async fn delete_channel(client: &SmokeClient, channel: &str) -> anyhow::Result<CheckOutcome> {
    let path = format!("/v1/channels/{channel}");
    let answer = client.delete(&path, None).await?;
    ensure!(matches!(answer.status, 200 | 204), "{}", answer.status_and_time());
    client.get(&path).await?.refused(404, "RESOURCE_NOT_FOUND")?;
    Ok(CheckOutcome::with_summary(answer.status_and_time()))
}
