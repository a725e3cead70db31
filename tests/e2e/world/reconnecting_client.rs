//! A client of the team chat that builds a channel from events, even if events are lost, duplicated or late.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use rand::RngExt;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::{ClientSocket, ReceivedEvent, Teammate};

/// The time that a client waits for a response before it reconnects. It doubles each time up to the maximum, because many
/// reconnecting clients must not overload a slow cloud.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(2);
const MAX_RESPONSE_TIMEOUT: Duration = Duration::from_secs(16);
/// The time between two pings (contract chat 1.5).
const PING_INTERVAL: Duration = Duration::from_secs(30);

/// The state of a channel on a client.
#[derive(Clone, Debug, Default)]
pub(crate) struct ChannelReplica {
    /// The current messages by sequence number.
    pub(crate) messages: BTreeMap<u64, Value>,
    /// The replica contains all messages up to `seq` and all changes up to `change`.
    pub(crate) seq: u64,
    pub(crate) change: u64,
    /// The highest sequence and change number of all received events.
    highest_known: (u64, u64),
    /// The messages replayed since the last `join_channel`; `None` if no replay is in progress.
    replay: Option<BTreeSet<u64>>,
    /// The numbers of the channel if the client missed too much for a replay (`resync_required`).
    resync_to: Option<(u64, u64)>,
}

impl ChannelReplica {
    /// Returns whether the client knows of a message or change that the replica lacks.
    pub(crate) fn is_behind(&self) -> bool {
        self.highest_known.0 > self.seq || self.highest_known.1 > self.change
    }

    /// Builds `join_channel` with the numbers of the replica.
    fn join_request(&mut self, channel: &str) -> Value {
        self.replay = Some(BTreeSet::new());
        json!({ "channel_id": channel, "since": { "seq": self.seq, "change": self.change } })
    }

    /// Applies an event of the channel. Returns `false` if a replay is incomplete. The connection has then lost frames, and the
    /// client must reconnect.
    pub(crate) fn apply(&mut self, event: &ReceivedEvent) -> bool {
        let payload = &event.payload;
        match event.kind.as_str() {
            "new_message" | "message_edited" => self.insert(payload),
            "message_deleted" => {
                let wiped = json!({ "content": "", "deleted_at": payload["deleted_at"], "mentions": [], "reactions": [] });
                self.apply_patch(payload, &wiped);
            }
            "message_reaction" => self.apply_patch(payload, &json!({ "reactions": payload["reactions"] })),
            "channel_changes" => {
                for message in payload["messages"].as_array().expect("messages") {
                    self.keep_newest_version(message);
                    if let Some(replay) = &mut self.replay {
                        replay.insert(u64_field(message, "seq"));
                    }
                }
            }
            "channel_joined" => return self.apply_replay(payload),
            "resync_required" => {
                self.replay = None;
                self.resync_to = Some((u64_field(payload, "seq"), u64_field(payload, "change")));
            }
            _ => {}
        }
        true
    }

    fn apply_replay(&mut self, payload: &Value) -> bool {
        // the frame of a response that arrived twice
        let Some(replay) = self.replay.take() else { return true };
        if (replay.len() as u64) < u64_field(payload, "replayed") {
            return false;
        }
        self.seq = self.seq.max(u64_field(payload, "seq"));
        self.change = self.change.max(u64_field(payload, "change"));
        self.record_numbers(self.seq, self.change);
        true
    }

    /// Applies the whole history of the channel, read after `resync_required`.
    fn apply_history(&mut self, history: &[Value], (seq, change): (u64, u64)) {
        for message in history {
            self.keep_newest_version(message);
        }
        self.seq = self.seq.max(seq);
        self.change = self.change.max(change);
        self.record_numbers(self.seq, self.change);
    }

    /// Records the numbers of an event. Only messages that the view contains move `seq`.
    fn record_numbers(&mut self, seq: u64, change: u64) {
        self.highest_known = (self.highest_known.0.max(seq), self.highest_known.1.max(change));
        // messages that arrive in order need no request
        while self.messages.contains_key(&(self.seq + 1)) && self.replay.is_none() {
            self.seq += 1;
        }
    }

    /// Records a change that the view contains now. A change that could not be applied must not move `change`: the client would
    /// never request it again.
    fn record_applied_change(&mut self, change: u64) {
        if change == self.change + 1 {
            self.change = change;
        }
    }

    fn insert(&mut self, message: &Value) {
        self.keep_newest_version(message);
        let change = u64_field(message, "change");
        self.record_applied_change(change);
        self.record_numbers(u64_field(message, "seq"), change);
    }

    /// Stores a message unless a higher version is stored.
    fn keep_newest_version(&mut self, message: &Value) {
        let held = self.messages.entry(u64_field(message, "seq")).or_insert_with(|| message.clone());
        if u64_field(held, "version") <= u64_field(message, "version") {
            *held = message.clone();
        }
    }

    /// Changes part of a stored message. For any other message only the numbers are recorded.
    fn apply_patch(&mut self, payload: &Value, part: &Value) {
        let (seq, version) = (u64_field(payload, "seq"), u64_field(payload, "version"));
        let change = u64_field(payload, "change");
        self.record_numbers(seq, change);
        let Some(held) = self.messages.get_mut(&seq) else { return };
        let held_version = u64_field(held, "version");
        if held_version + 1 == version {
            for (field, value) in part.as_object().expect("fields") {
                held[field] = value.clone();
            }
            held["version"] = version.into();
            held["change"] = payload["change"].clone();
        }
        // a newer version already contains the change, and an older one lacks changes in between
        if held_version + 1 >= version {
            self.record_applied_change(change);
        }
    }

    /// Returns the visible content of the messages by sequence number.
    pub(crate) fn visible_messages(&self) -> BTreeMap<u64, Value> {
        self.messages.iter().map(|(seq, message)| (*seq, visible_content(message))).collect()
    }
}

/// Returns the fields of a message that a person sees.
pub(crate) fn visible_content(message: &Value) -> Value {
    let reactions = message["reactions"].as_array().into_iter().flatten();
    let reactions: Vec<(&Value, &Value)> =
        reactions.map(|reaction| (&reaction["emoji"], &reaction["users"])).collect();
    json!({
        "version": message["version"],
        "content": message["content"],
        "is_deleted": !message["deleted_at"].is_null(),
        "reactions": reactions,
    })
}

fn u64_field(value: &Value, field: &str) -> u64 {
    value[field].as_u64().unwrap_or_else(|| panic!("no {field} in {value}"))
}

/// A client that reconnects whenever it loses its connection.
pub(crate) struct ReconnectingClient {
    pub(crate) user: Teammate,
    pub(crate) channel: String,
    pub(crate) replica: ChannelReplica,
    /// The number of connections that were lost or replaced.
    pub(crate) reconnects: usize,
    /// The number of times that the client missed too much for a replay.
    pub(crate) resyncs: usize,
    response_timeout: Duration,
    /// The longest delay before the client reconnects, and the shortest time between two replay requests.
    reconnect_delay: Duration,
}

impl ReconnectingClient {
    pub(crate) fn new(user: Teammate, channel: &str, moment: Duration) -> Self {
        let view = ChannelReplica::default();
        Self {
            user,
            channel: channel.to_owned(),
            replica: view,
            reconnects: 0,
            resyncs: 0,
            response_timeout: RESPONSE_TIMEOUT,
            reconnect_delay: moment,
        }
    }

    /// Follows the channel until `stop` is true.
    pub(crate) async fn run(&mut self, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow_and_update() {
            // random, so that clients that were disconnected together do not reconnect together
            let moment = rand::rng().random_range(self.reconnect_delay / 4..self.reconnect_delay);
            if tokio::time::timeout(moment, stop.changed()).await.is_ok() {
                continue;
            }
            let Some(mut socket) = self.connect().await else { continue };
            self.receive_events(&mut socket, || *stop.borrow()).await;
            self.reconnects += usize::from(!*stop.borrow());
        }
    }

    /// Reconnects until the replica is complete.
    pub(crate) async fn reconnect_until_complete(&mut self) {
        let begun = Instant::now();
        loop {
            assert!(begun.elapsed() < Duration::from_mins(2), "{} never catches up", self.user.name);
            self.replica.replay = None;
            let Some(mut socket) = self.connect().await else { continue };
            let asked = self.replica.join_request(&self.channel);
            if socket.try_send("join_channel", asked).await.is_err() {
                continue;
            }
            while let Ok(Some(event)) = socket.read_within(MAX_RESPONSE_TIMEOUT / 2).await {
                let is_answer = ["channel_joined", "resync_required"].contains(&event.kind.as_str());
                let is_whole = self.replica.apply(&event) && self.reload_if_required().await;
                if is_answer && is_whole {
                    return;
                }
                if !is_whole {
                    break;
                }
            }
        }
    }

    /// Reads the history of the channel if the server requires it. Returns `false` if the cloud refuses a page.
    async fn reload_if_required(&mut self) -> bool {
        let Some(numbers) = self.replica.resync_to.take() else { return true };
        self.resyncs += 1;
        let mut path = format!("/v1/messages/channel/{}?limit=100", self.channel);
        loop {
            let page = self.user.client.get(&path).await;
            if page.status != 200 {
                return false;
            }
            let page = page.body();
            self.replica.apply_history(page["items"].as_array().expect("items"), numbers);
            let Some(before) = page["next"].as_str() else { return true };
            path = format!("/v1/messages/channel/{}?limit=100&before={before}", self.channel);
        }
    }

    /// Opens a connection. Returns `None` if the cloud refuses it.
    async fn connect(&mut self) -> Option<ClientSocket> {
        self.replica.replay = None;
        // as a current client of a large team: single statuses of 200 arrivals are 40,000 frames
        let body = json!({ "presence": "state" });
        let ticket = self.user.client.post("/v1/realtime/tickets", &body).await;
        if ticket.status != 201 {
            return None;
        }
        ClientSocket::try_open(ticket.body()["websocket_url"].as_str().expect("a websocket_url")).await.ok()
    }

    /// Receives events and requests missing ones until the connection is closed or has lost frames.
    async fn receive_events(&mut self, socket: &mut ClientSocket, is_over: impl Fn() -> bool) {
        let (mut asked, mut last_asked) = (None, None);
        let mut pinged = Instant::now();
        // a new connection must request the events that were missed before it was open
        let mut is_new = true;
        while !is_over() {
            let is_soon = last_asked.is_some_and(|asked: Instant| asked.elapsed() < self.reconnect_delay);
            if asked.is_none() && !is_soon && (is_new || self.replica.is_behind()) {
                let question = self.replica.join_request(&self.channel);
                if socket.try_send("join_channel", question).await.is_err() {
                    return;
                }
                is_new = false;
                asked = Some(Instant::now());
                last_asked = asked;
            }
            if pinged.elapsed() > PING_INTERVAL {
                pinged = Instant::now();
                if socket.try_send("ping", json!({})).await.is_err() {
                    return;
                }
            }
            match socket.read_within(Duration::from_millis(200)).await {
                Ok(Some(event)) => {
                    if !self.replica.apply(&event) || !self.reload_if_required().await {
                        return;
                    }
                    if self.replica.replay.is_none() {
                        asked = None;
                        self.response_timeout = RESPONSE_TIMEOUT;
                    }
                }
                Ok(None) if asked.is_some_and(|asked: Instant| asked.elapsed() > self.response_timeout) => {
                    self.response_timeout = (self.response_timeout * 2).min(MAX_RESPONSE_TIMEOUT);
                    return;
                }
                Ok(None) => {}
                Err(()) => return,
            }
        }
    }
}
