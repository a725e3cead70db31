//! A participant of a rehearsed talk.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use rand::RngExt;
use serde_json::{Value, json};
use tokio::{
    sync::{Semaphore, watch},
    time::{Instant as Moment, sleep, sleep_until},
};

use crate::{
    load_client::LoadClient,
    load_socket::{LoadSocket, ReceivedFrame},
    presenter::text_field,
    recorder::{EXPECTED_FRAME_ERRORS, LoadRecorder},
    vote_tracker::ShownTally,
};

/// The phase of the rehearsal, which all participants follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RehearsalPhase {
    Running,
    /// All participants drop their connections now.
    DropConnections,
    /// No participant reconnects.
    Over,
}

/// State that the participants of a talk share.
pub(crate) struct VoterContext {
    pub(crate) api: LoadClient,
    pub(crate) recorder: Arc<LoadRecorder>,
    pub(crate) code: String,
    pub(crate) vote_within: Duration,
    /// Limits concurrent joins. Above the limit, the load generator would measure its own queue.
    pub(crate) join_permits: Semaphore,
}

pub(crate) struct Voter {
    number: usize,
    context: Arc<VoterContext>,
    phase: watch::Receiver<RehearsalPhase>,
    /// The participant's token after the first join.
    token: Option<String>,
    vote: Option<PlannedVote>,
    /// When the connection was lost, until the reconnect.
    disconnected_at: Option<Instant>,
    /// Increases with every vote, so that the server knows the last one.
    seq: u64,
    /// The last received version of the session.
    version: u64,
}

struct PlannedVote {
    slide: String,
    option: String,
    due: Moment,
    sent: bool,
}

enum DisconnectReason {
    Storm,
    Lost,
    Over,
}

impl Voter {
    pub(crate) fn new(
        number: usize,
        context: Arc<VoterContext>,
        phase: watch::Receiver<RehearsalPhase>,
    ) -> Self {
        Self { number, context, phase, token: None, vote: None, disconnected_at: None, seq: 0, version: 0 }
    }

    /// Joins, votes on every slide, and reconnects after every lost connection.
    pub(crate) async fn run(mut self) {
        let mut failed = 0;
        loop {
            let gone = match self.join_and_connect().await {
                Ok(socket) => {
                    failed = 0;
                    let gone = self.receive_events(socket).await;
                    self.context.recorder.with_screen(self.number, |screen| screen.connected = false);
                    gone
                }
                Err(_) if *self.phase.borrow() == RehearsalPhase::Over => DisconnectReason::Over,
                Err(_) => {
                    failed += 1;
                    DisconnectReason::Lost
                }
            };
            match gone {
                DisconnectReason::Over => return,
                DisconnectReason::Storm => {
                    self.disconnected_at = Some(Instant::now());
                    wait_with_jitter(Duration::from_millis(500)).await;
                }
                DisconnectReason::Lost => {
                    self.disconnected_at.get_or_insert_with(Instant::now);
                    // contract presentations A2.3 asks for 1, 2, 4 s with jitter; halved, to shorten the rehearsal
                    wait_with_jitter(Duration::from_millis(500) * 2_u32.pow(failed.min(4))).await;
                }
            }
        }
    }

    async fn join_and_connect(&mut self) -> anyhow::Result<LoadSocket> {
        let context = Arc::clone(&self.context);
        let _turn = context.join_permits.acquire().await?;
        let started = Instant::now();
        let body = match &self.token {
            None => json!({ "display_name": format!("Voter {}", self.number) }),
            Some(token) => json!({ "participant_token": token }),
        };
        let joined = context.api.post(&format!("/v1/sessions/code/{}/join", context.code), &body).await?;
        context.recorder.join.record(started.elapsed());
        self.token = Some(text_field(&joined, "participant_token")?.to_owned());
        let dialled = Instant::now();
        let dial = async {
            let mut socket = LoadSocket::connect(text_field(&joined, "websocket_url")?).await?;
            context.recorder.connect.record(dialled.elapsed());
            // wait for the session state, which other events may overtake
            while let Some(event) = socket.next_frame().await {
                let greeted = event.kind == "session_state";
                self.handle_event(&mut socket, &event, false).await?;
                if greeted {
                    return Ok(socket);
                }
            }
            anyhow::bail!("closed before the session state")
        };
        let socket = tokio::time::timeout(Duration::from_secs(15), dial)
            .await
            .unwrap_or_else(|_| Err(anyhow::anyhow!("no session state within 15 s")))
            .inspect_err(|error| self.context.recorder.record_error(&format!("connect: {error}")))?;
        context.recorder.welcome.record(dialled.elapsed());
        if let Some(lost) = self.disconnected_at.take() {
            context.recorder.comeback.record(lost.elapsed());
        }
        context.recorder.with_screen(self.number, |screen| screen.connected = true);
        Ok(socket)
    }

    async fn receive_events(&mut self, mut socket: LoadSocket) -> DisconnectReason {
        self.phase.mark_unchanged();
        let mut heartbeat = tokio::time::interval(Duration::from_secs(30));
        loop {
            let due = self.vote.as_ref().filter(|vote| !vote.sent).map(|vote| vote.due);
            let done = tokio::select! {
                event = socket.next_frame() => match event {
                    Some(event) => self.handle_event(&mut socket, &event, true).await,
                    None if self.context.recorder.with_screen(self.number, |screen| screen.ended) => return DisconnectReason::Over,
                    None => {
                        self.context.recorder.record_error("connection lost");
                        return DisconnectReason::Lost;
                    }
                },
                () = sleep_until(due.unwrap_or_else(Moment::now)), if due.is_some() => self.cast_vote(&mut socket).await,
                _ = heartbeat.tick() => socket.send("ping", json!({}), None).await,
                changed = self.phase.changed() => match *self.phase.borrow() {
                    _ if changed.is_err() => return DisconnectReason::Over,
                    RehearsalPhase::Over => return DisconnectReason::Over,
                    RehearsalPhase::DropConnections => return DisconnectReason::Storm,
                    RehearsalPhase::Running => Ok(()),
                },
            };
            if done.is_err() {
                self.context.recorder.record_error("connection lost");
                return DisconnectReason::Lost;
            }
        }
    }

    async fn handle_event(
        &mut self,
        socket: &mut LoadSocket,
        event: &ReceivedFrame,
        live: bool,
    ) -> anyhow::Result<()> {
        self.context.recorder.record_frame();
        let payload = &event.payload;
        if self.is_stale(payload) {
            // A session state that was overtaken. The participant's own vote in it may be unknown, so request it again.
            let greeting = event.kind == "session_state";
            return if greeting { socket.send("subscribe", json!({}), None).await } else { Ok(()) };
        }
        match event.kind.as_str() {
            "session_state" => {
                self.handle_slide(&payload["current_slide"], payload["status"] == "active", live);
                self.handle_tally(&payload["votes"]);
                if payload["status"] == "ended" {
                    self.context.recorder.with_screen(self.number, |screen| screen.ended = true);
                }
                return self.restore_vote(socket, &payload["my_responses"]).await;
            }
            "session_started" => self.handle_slide(&payload["current_slide"], true, live),
            "slide_changed" => self.handle_slide(&payload["slide"], true, live),
            "vote_update" => self.handle_tally(payload),
            "session_ended" => self.context.recorder.with_screen(self.number, |screen| screen.ended = true),
            "error" => return self.handle_refusal(socket, payload).await,
            _ => {}
        }
        Ok(())
    }

    /// Returns true for an event of an older version of the session, which another event overtook.
    fn is_stale(&mut self, payload: &Value) -> bool {
        let Some(version) = payload["version"].as_u64() else { return false };
        let stale = version < self.version;
        self.version = self.version.max(version);
        stale
    }

    /// Shows a slide. If it is a question, plans a vote.
    fn handle_slide(&mut self, slide: &Value, active: bool, live: bool) {
        let Some(id) = slide["id"].as_str().filter(|_| active) else { return };
        self.context.recorder.record_slide_seen(self.number, id, live);
        if self.vote.as_ref().is_some_and(|vote| vote.slide == id) {
            return;
        }
        let Some(options) = slide["content"]["options"].as_array().filter(|options| !options.is_empty())
        else {
            return;
        };
        let mut rng = rand::rng();
        let Some(option) = options[rng.random_range(0..options.len())]["id"].as_str() else { return };
        let due = Moment::now() + self.context.vote_within.mul_f64(rng.random_range(0.0..1.0));
        self.vote = Some(PlannedVote { slide: id.to_owned(), option: option.to_owned(), due, sent: false });
    }

    fn handle_tally(&self, update: &Value) {
        if let Some((slide, shown)) = ShownTally::parse(update, Instant::now()) {
            self.context.recorder.record_tally_seen(self.number, slide, shown);
        }
    }

    /// After a reconnect, sends the vote again if the server has not stored it.
    async fn restore_vote(&mut self, socket: &mut LoadSocket, held: &Value) -> anyhow::Result<()> {
        let Some(vote) = self.vote.as_ref().filter(|vote| vote.sent) else { return Ok(()) };
        let held = held.as_array().is_some_and(|held| held.iter().any(|own| own["slide_id"] == *vote.slide));
        if held { Ok(()) } else { self.send_vote(socket).await }
    }

    async fn handle_refusal(&mut self, socket: &mut LoadSocket, payload: &Value) -> anyhow::Result<()> {
        let code = payload["code"].as_str().unwrap_or("error without a code");
        self.context.recorder.record_refused_frame(payload);
        let is_temporary = EXPECTED_FRAME_ERRORS.contains(&code) || code == "internal_error";
        let is_own = payload["ref"].as_u64() == Some(self.seq);
        if is_temporary && is_own && self.vote.as_ref().is_some_and(|vote| vote.sent) {
            wait_with_jitter(Duration::from_secs(payload["retry_after"].as_u64().unwrap_or(1))).await;
            return self.send_vote(socket).await;
        }
        Ok(())
    }

    async fn cast_vote(&mut self, socket: &mut LoadSocket) -> anyhow::Result<()> {
        if let Some(vote) = &mut self.vote {
            vote.sent = true;
            let at = Instant::now();
            self.context.recorder.with_votes(&vote.slide, |votes| votes.record_vote(&vote.option, at));
        }
        self.send_vote(socket).await
    }

    async fn send_vote(&mut self, socket: &mut LoadSocket) -> anyhow::Result<()> {
        let Some(vote) = &self.vote else { return Ok(()) };
        self.seq += 1;
        let content = json!({ "selected": [vote.option] });
        let payload = json!({ "slide_id": vote.slide, "content": content, "seq": self.seq });
        socket.send("response_submitted", payload, Some(self.seq)).await
    }
}

/// Waits for a quarter to all of the duration. Without jitter, the reconnects would be another storm.
async fn wait_with_jitter(most: Duration) {
    let share = rand::rng().random_range(0.25..1.0);
    sleep(most.mul_f64(share)).await;
}
