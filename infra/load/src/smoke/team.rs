//! A channel, a message and its way to a screen: what proves the chat's functions, its queue and its partitions of the table.

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
    "the logs of socket-connections, worker-chat (the greeting) and socket-chat, and ChatDeadLetters";
/// How long what follows from a message may take.
const JOB_TIMEOUT: Duration = Duration::from_secs(15);

pub(super) async fn check_team_chat(list: &mut Checklist<'_>, visitor: &SmokeClient, times: &SmokeTimings) {
    let look_at = "the log of the function api-identity";
    if list.check("user-name", look_at, choose_user_name(visitor)).await.is_none() {
        return list.skip_dependents("the chat");
    }
    let Some(channel) = list.check("channel", CHAT_LOGS, create_channel(visitor)).await else {
        return list.skip_dependents("messages");
    };
    if let Some(mut socket) =
        list.check("team-socket", SOCKET_LOGS, connect_socket(visitor, &channel, times)).await
    {
        list.check("team-ping", "the log of the function socket-connections", check_ping(&mut socket, times))
            .await;
        list.check("message", CHAT_LOGS, check_message(visitor, &mut socket, &channel, times)).await;
        list.check("replay", "the log of the function socket-chat", check_replay(&mut socket, &channel))
            .await;
        socket.close().await;
    } else {
        list.skip_dependents("messages");
    }
    list.check("search", "the log of worker-chat, MessageProcessingDeadLetters", check_search(visitor)).await;
    list.check("channel-gone", CHAT_LOGS, delete_channel(visitor, &channel)).await;
}

/// The team is whoever has one.
async fn choose_user_name(visitor: &SmokeClient) -> anyhow::Result<CheckOutcome> {
    let name = format!("smoke_{:014x}", rand::random::<u64>() >> 8);
    let answer =
        visitor.send_json(Method::PATCH, "/v1/users/me", Some(&json!({ "username": name })), &[]).await?;
    ensure!(answer.ok(200)?["username"] == name, "it is called otherwise");
    Ok(CheckOutcome::with_summary(name))
}

/// A private one: nobody of a team is to notice.
async fn create_channel(visitor: &SmokeClient) -> anyhow::Result<CheckOutcome<String>> {
    let name = format!("smoke-{:016x}", rand::random::<u64>());
    let body = json!({ "name": name, "is_private": true });
    let made = visitor.post("/v1/channels", &body).await?.ok(201)?;
    let id = text_field(&made, "id")?.to_owned();
    let mine = visitor.get("/v1/channels/my").await?.ok(200)?;
    ensure!(mine.to_string().contains(&id), "the new channel is not among {mine}");
    visitor.post("/v1/channels", &body).await?.refused(409, "CHANNEL_NAME_TAKEN")?;
    Ok(CheckOutcome::with_value(format!("#{name}, private"), id))
}

async fn connect_socket(
    visitor: &SmokeClient,
    channel: &str,
    times: &SmokeTimings,
) -> anyhow::Result<CheckOutcome<LoadSocket>> {
    let ticket = visitor.post("/v1/realtime/tickets", &json!({})).await?.ok(201)?;
    let (socket, greeted, said) = open_socket(&socket_url(&ticket)?, "connection_established", times).await?;
    ensure!(greeted.to_string().contains(channel), "it is not told of the channel: {greeted}");
    Ok(CheckOutcome::with_value(said, socket))
}

/// Sent twice, stored once, and on the screen.
async fn check_message(
    visitor: &SmokeClient,
    socket: &mut LoadSocket,
    channel: &str,
    times: &SmokeTimings,
) -> anyhow::Result<CheckOutcome> {
    let body = json!({ "channel_id": channel, "content": "a heron nests", "client_msg_id": "smoke-1" });
    let sent = Instant::now();
    let first = visitor.post("/v1/messages", &body).await?.ok(201)?;
    wait_for_event(socket, "new_message", |message| message["id"] == first["id"]).await?;
    let took = sent.elapsed();
    times.record(TimedOperation::Message, took);
    let again = visitor.post("/v1/messages", &body).await?;
    let again: Value = serde_json::from_str(&again.text).context("the retry's answer is not JSON")?;
    ensure!(again["id"] == first["id"], "a retry made a second message: {again}");
    let read = visitor.get(&format!("/v1/messages/channel/{channel}")).await?.ok(200)?;
    ensure!(read["items"].as_array().is_some_and(|items| items.len() == 1), "not one message: {read}");
    Ok(CheckOutcome::with_summary(format!("on the screen in {} ms, once", took.as_millis())))
}

/// Whoever comes back is told what they missed.
async fn check_replay(socket: &mut LoadSocket, channel: &str) -> anyhow::Result<CheckOutcome> {
    let since = json!({ "channel_id": channel, "since": { "seq": 0, "change": 0 } });
    socket.send("join_channel", since, Some(2)).await?;
    let missed =
        wait_for_event(socket, "channel_changes", |changes| changes["channel_id"] == channel).await?;
    ensure!(missed["messages"].as_array().is_some_and(|all| all.len() == 1), "not one message: {missed}");
    let joined = wait_for_event(socket, "channel_joined", |joined| joined["channel_id"] == channel).await?;
    ensure!(joined["seq"] == 1, "the channel is at {}", joined["seq"]);
    Ok(CheckOutcome::with_summary("the message, once more"))
}

/// The index follows by a job.
async fn check_search(visitor: &SmokeClient) -> anyhow::Result<CheckOutcome> {
    let asked = Instant::now();
    loop {
        let found = visitor.get("/v1/messages/search?q=heron").await?.ok(200)?;
        if found["items"].as_array().is_some_and(|items| items.len() == 1) {
            return Ok(CheckOutcome::with_summary(format!(
                "found by its word after {} ms",
                asked.elapsed().as_millis()
            )));
        }
        ensure!(asked.elapsed() < JOB_TIMEOUT, "not found within {} s: {found}", JOB_TIMEOUT.as_secs());
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

async fn delete_channel(visitor: &SmokeClient, channel: &str) -> anyhow::Result<CheckOutcome> {
    let path = format!("/v1/channels/{channel}");
    let answer = visitor.delete(&path, None).await?;
    ensure!(matches!(answer.status, 200 | 204), "{}", answer.status_and_time());
    visitor.get(&path).await?.refused(404, "RESOURCE_NOT_FOUND")?;
    Ok(CheckOutcome::with_summary(answer.status_and_time()))
}
