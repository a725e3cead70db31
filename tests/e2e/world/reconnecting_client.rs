//! A client of the team's chat: what it shows of a channel, put together from events, whatever is lost, doubled or late.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use rand::RngExt;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::{ClientSocket, ReceivedEvent, Teammate};

/// How long a client waits for an answer before it takes the connection for dead; twice as long every time, up to the second: a
/// cloud that is only slow must not drown in those who come back.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(2);
const MAX_RESPONSE_TIMEOUT: Duration = Duration::from_secs(16);
/// A ping is due this often (contract chat 1.5).
const PING_INTERVAL: Duration = Duration::from_secs(30);

/// What a client shows of a channel.
#[derive(Clone, Debug, Default)]
pub(crate) struct ChannelReplica {
    /// By number, as they are now.
    pub(crate) messages: BTreeMap<u64, Value>,
    /// Everything up to these numbers is here.
    pub(crate) seq: u64,
    pub(crate) change: u64,
    /// The highest numbers that it has heard of.
    highest_known: (u64, u64),
    /// Messages that were told since it asked for what it missed; `None` where it waits for no answer.
    replay: Option<BTreeSet<u64>>,
    /// The numbers of the channel where the client has missed too much for a replay (`resync_required`).
    resync_to: Option<(u64, u64)>,
}

impl ChannelReplica {
    /// Something happened that is not here.
    pub(crate) fn is_behind(&self) -> bool {
        self.highest_known.0 > self.seq || self.highest_known.1 > self.change
    }

    /// `join_channel`, from where it is.
    fn join_request(&mut self, channel: &str) -> Value {
        self.replay = Some(BTreeSet::new());
        json!({ "channel_id": channel, "since": { "seq": self.seq, "change": self.change } })
    }

    /// Takes an event of the channel in. `false` where an answer came without all that belongs to it: what is on its way on this
    /// connection is not to be trusted, and one comes back.
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
        // one of an answer that came twice
        let Some(replay) = self.replay.take() else { return true };
        if (replay.len() as u64) < u64_field(payload, "replayed") {
            return false;
        }
        self.seq = self.seq.max(u64_field(payload, "seq"));
        self.change = self.change.max(u64_field(payload, "change"));
        self.record_numbers(self.seq, self.change);
        true
    }

    /// Takes in the whole history of the channel, read after `resync_required`.
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

    /// The highest version is the truth.
    fn keep_newest_version(&mut self, message: &Value) {
        let held = self.messages.entry(u64_field(message, "seq")).or_insert_with(|| message.clone());
        if u64_field(held, "version") <= u64_field(message, "version") {
            *held = message.clone();
        }
    }

    /// Part of a message that is here changes; of one that is not, it is heard that it did.
    fn apply_patch(&mut self, told: &Value, part: &Value) {
        let (seq, version) = (u64_field(told, "seq"), u64_field(told, "version"));
        let change = u64_field(told, "change");
        self.record_numbers(seq, change);
        let Some(held) = self.messages.get_mut(&seq) else { return };
        let held_version = u64_field(held, "version");
        if held_version + 1 == version {
            for (field, value) in part.as_object().expect("fields") {
                held[field] = value.clone();
            }
            held["version"] = version.into();
            held["change"] = told["change"].clone();
        }
        // a newer version contains the change already; an older one lacks what lies between
        if held_version + 1 >= version {
            self.record_applied_change(change);
        }
    }

    /// By number: version, text, reactions by emoji, whether it is deleted.
    pub(crate) fn visible_messages(&self) -> BTreeMap<u64, Value> {
        self.messages.iter().map(|(seq, message)| (*seq, visible_content(message))).collect()
    }
}

/// What of a message a person sees.
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

/// Somebody at a client, who comes back whenever the connection is gone.
pub(crate) struct ReconnectingClient {
    pub(crate) user: Teammate,
    pub(crate) channel: String,
    pub(crate) replica: ChannelReplica,
    /// How often the connection was lost or left for a new one.
    pub(crate) reconnects: usize,
    /// How often it had missed too much for a replay.
    pub(crate) resyncs: usize,
    response_timeout: Duration,
    /// About how long they wait before they come back, and before they ask again for what they have missed.
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

    /// Follows the channel until it is to stop.
    pub(crate) async fn run(&mut self, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow_and_update() {
            // as clients do, so that those who were cut off together do not come back together
            let moment = rand::rng().random_range(self.reconnect_delay / 4..self.reconnect_delay);
            if tokio::time::timeout(moment, stop.changed()).await.is_ok() {
                continue;
            }
            let Some(mut socket) = self.connect().await else { continue };
            self.receive_events(&mut socket, || *stop.borrow()).await;
            self.reconnects += usize::from(!*stop.borrow());
        }
    }

    /// Comes back once more, on a new connection, until nothing is missing.
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

    /// Reads the history of the channel where the server requires it. `false` where the cloud refuses a page now.
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

    /// A new connection; `None` where the cloud would not have it now.
    async fn connect(&mut self) -> Option<ClientSocket> {
        self.replica.replay = None;
        let ticket = self.user.client.post("/v1/realtime/tickets", &json!({})).await;
        if ticket.status != 201 {
            return None;
        }
        ClientSocket::try_open(ticket.body()["websocket_url"].as_str().expect("a websocket_url")).await.ok()
    }

    /// Listens, and asks for what is missing, while the connection lives and is to be trusted.
    async fn receive_events(&mut self, socket: &mut ClientSocket, is_over: impl Fn() -> bool) {
        let (mut asked, mut last_asked) = (None, None);
        let mut pinged = Instant::now();
        // what was missed while nobody listened is known by asking only
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
