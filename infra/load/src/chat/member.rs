//! A member of the channel.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tokio::sync::watch;

use super::{PresenceArg, delivery_log::DeliveryLog};
use crate::{
    load_client::LoadClient, load_socket::LoadSocket, presenter::text_field, recorder::LoadRecorder,
};

#[derive(Clone)]
pub(super) struct ChatMemberClient {
    pub(super) api: LoadClient,
    password: String,
}

impl ChatMemberClient {
    pub(super) async fn sign_up(api: &LoadClient) -> anyhow::Result<Self> {
        let number: u64 = rand::random();
        let password = format!("rehearsal {number:016x}");
        let account = json!({
            "email": crate::unbounced_address(&format!("rehearsal-{number:016x}")),
            "password": password,
            "username": format!("r_{number:016x}"),
        });
        let account = api.post("/v1/auth/register", &account).await?;
        Ok(Self { api: api.with_token(text_field(&account, "access_token")?), password })
    }

    /// Deletes the account.
    pub(super) async fn delete_account(&self) -> anyhow::Result<()> {
        self.api.delete("/v1/users/me", Some(&json!({ "password": self.password }))).await.map(drop)
    }

    /// Records the received messages. Reconnects after every lost connection.
    pub(super) async fn listen(
        self,
        number: usize,
        channel: String,
        presence: PresenceArg,
        log: Arc<DeliveryLog>,
        recorder: Arc<LoadRecorder>,
        mut stop: watch::Receiver<bool>,
    ) {
        loop {
            let gone = tokio::select! {
                _ = stop.wait_for(|over| *over) => return,
                gone = self.receive_until_closed(number, &channel, presence, &log, &recorder) => gone,
            };
            recorder.record_error(match gone {
                Ok(()) => "connection lost",
                Err(_) => "could not connect",
            });
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }

    async fn receive_until_closed(
        &self,
        number: usize,
        channel: &str,
        presence: PresenceArg,
        log: &DeliveryLog,
        recorder: &LoadRecorder,
    ) -> anyhow::Result<()> {
        let presence = json!({ "presence": presence.name() });
        let ticket = self.api.post("/v1/realtime/tickets", &presence).await?;
        let mut socket = LoadSocket::connect(text_field(&ticket, "websocket_url")?).await?;
        let mut ping = tokio::time::interval(Duration::from_secs(30));
        loop {
            let event = tokio::select! {
                event = socket.next_frame() => event,
                _ = ping.tick() => {
                    socket.send("ping", json!({}), None).await?;
                    continue;
                }
            };
            let Some(event) = event else { return Ok(()) };
            let at = Instant::now();
            match event.kind.as_str() {
                "connection_established" => {
                    log.record_connected(number);
                    let missed = json!({ "channel_id": channel, "last_seq": log.contiguous_seq(number) });
                    socket.send("join_channel", missed, None).await?;
                }
                "new_message" if event.payload["channel_id"] == channel => {
                    record_message(log, number, &event.payload, Some(at));
                }
                "channel_changes" => {
                    for message in event.payload["messages"].as_array().into_iter().flatten() {
                        record_message(log, number, message, None);
                    }
                }
                "error" => {
                    recorder.record_refused_frame(&event.payload);
                }
                _ => {}
            }
        }
    }
}

fn record_message(log: &DeliveryLog, member: usize, message: &Value, at: Option<Instant>) {
    let written = message["content"].as_str().and_then(|text| text.strip_prefix("message ")?.parse().ok());
    if let Some(seq) = message["seq"].as_u64() {
        log.record_received(member, seq, written, at);
    }
}
