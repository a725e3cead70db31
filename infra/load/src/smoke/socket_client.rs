//! Opens sockets and waits for events with a timeout.

use std::{
    future::Future,
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use reqwest::Url;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::{
    checklist::CheckOutcome,
    is_loopback,
    smoke_client::{SmokeTimings, TimedOperation, text_field},
};
use crate::load_socket::{LoadSocket, ReceivedFrame};

/// How long an event may take. Idle functions must start first.
const EVENT_TIMEOUT: Duration = Duration::from_secs(10);

pub(super) fn socket_url(body: &Value) -> anyhow::Result<String> {
    let text = text_field(body, "websocket_url")?;
    let url: Url = text.parse().context("websocket_url is not a URL")?;
    ensure!(
        url.scheme() == "wss" || is_loopback(&url),
        "the socket URL has the scheme {} instead of wss",
        url.scheme()
    );
    Ok(text.to_owned())
}

/// Opens a socket. Returns the first event of this kind, and a text with both latencies.
pub(super) async fn open_socket(
    url: &str,
    greeting: &str,
    times: &SmokeTimings,
) -> anyhow::Result<(LoadSocket, Value, String)> {
    let dialled = Instant::now();
    let mut socket = within_timeout(LoadSocket::connect(url)).await.context("handshake")??;
    let open = Instant::now();
    times.record(TimedOperation::Handshake, open - dialled);
    let greeted = wait_for_event(&mut socket, greeting, |_| true).await?;
    times.record(TimedOperation::Greeting, open.elapsed());
    let summary = format!(
        "open in {} ms, first event after {} ms",
        (open - dialled).as_millis(),
        open.elapsed().as_millis()
    );
    Ok((socket, greeted, summary))
}

pub(super) async fn check_ping(
    socket: &mut LoadSocket,
    times: &SmokeTimings,
) -> anyhow::Result<CheckOutcome> {
    let started = Instant::now();
    socket.send("ping", json!({}), Some(1)).await?;
    wait_for_event(socket, "pong", |pong| pong["ref"] == 1).await?;
    let took = started.elapsed();
    times.record(TimedOperation::Ping, took);
    Ok(CheckOutcome::with_summary(format!("pong in {} ms", took.as_millis())))
}

pub(super) async fn within_timeout<T>(what: impl Future<Output = T>) -> anyhow::Result<T> {
    timeout(EVENT_TIMEOUT, what)
        .await
        .with_context(|| format!("no response within {} s", EVENT_TIMEOUT.as_secs()))
}

/// Waits for a matching event of this kind. On failure, the error lists the other events.
pub(super) async fn wait_for_event(
    socket: &mut LoadSocket,
    kind: &str,
    fits: impl Fn(&Value) -> bool,
) -> anyhow::Result<Value> {
    let mut others = Vec::new();
    let waiting = async {
        while let Some(ReceivedFrame { kind: received, payload }) = socket.next_frame().await {
            if received == kind && fits(&payload) {
                return Some(payload);
            }
            others.push(if received == "error" { format!("error {payload}") } else { received });
        }
        None
    };
    let found = timeout(EVENT_TIMEOUT, waiting).await;
    let others = if others.is_empty() { "no events".to_owned() } else { others.join(", ") };
    match found {
        Ok(Some(payload)) => Ok(payload),
        Ok(None) => bail!("closed before the event {kind}; received {others}"),
        Err(_) => bail!("no event {kind} within {} s; received {others}", EVENT_TIMEOUT.as_secs()),
    }
}
