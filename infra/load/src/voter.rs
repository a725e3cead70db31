//! One of the audience.

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
    recorder::LoadRecorder,
    vote_tracker::ShownTally,
};

/// What the rehearsal asks of the whole audience.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RehearsalPhase {
    Running,
    /// Everyone's connection drops now.
    DropConnections,
    /// Nobody comes back any more.
    Over,
}

/// What the voters of a talk share.
pub(crate) struct VoterContext {
    pub(crate) api: LoadClient,
    pub(crate) recorder: Arc<LoadRecorder>,
    pub(crate) code: String,
    pub(crate) vote_within: Duration,
    /// How many may be at the door at once; beyond that a machine measures its own queue.
    pub(crate) join_permits: Semaphore,
}

pub(crate) struct Voter {
    number: usize,
    context: Arc<VoterContext>,
    phase: watch::Receiver<RehearsalPhase>,
    /// Who they are, once they have joined.
    token: Option<String>,
    vote: Option<PlannedVote>,
    /// When the connection was lost, until they are back.
    disconnected_at: Option<Instant>,
    /// Grows with every vote sent, so that the server knows which is the last.
    seq: u64,
    /// Of the session, as last heard.
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
        hall: Arc<VoterContext>,
        phase: watch::Receiver<RehearsalPhase>,
    ) -> Self {
        Self {
            number,
            context: hall,
            phase,
            token: None,
            vote: None,
            disconnected_at: None,
            seq: 0,
            version: 0,
        }
    }

    /// Joins, votes on every slide, and comes back however often the connection is lost.
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
                    // contract presentations A2.3: 1, 2, 4 s with jitter; halved, a rehearsal is not to be waited for
                    wait_with_jitter(Duration::from_millis(500) * 2_u32.pow(failed.min(4))).await;
                }
            }
        }
    }

    async fn join_and_connect(&mut self) -> anyhow::Result<LoadSocket> {
        let hall = Arc::clone(&self.context);
        let _turn = hall.join_permits.acquire().await?;
        let asked = Instant::now();
        let body = match &self.token {
            None => json!({ "display_name": format!("Voter {}", self.number) }),
            Some(token) => json!({ "participant_token": token }),
        };
        let joined = hall.api.post(&format!("/v1/sessions/code/{}/join", hall.code), &body).await?;
        hall.recorder.join.record(asked.elapsed());
        self.token = Some(text_field(&joined, "participant_token")?.to_owned());
        let dialled = Instant::now();
        let dial = async {
            let mut socket = LoadSocket::connect(text_field(&joined, "websocket_url")?).await?;
            hall.recorder.connect.record(dialled.elapsed());
            // the greeting is the first thing that matters, others may be faster
            while let Some(event) = socket.next_frame().await {
                let greeted = event.kind == "session_state";
                self.handle_event(&mut socket, &event, false).await?;
                if greeted {
                    return Ok(socket);
                }
            }
            anyhow::bail!("closed before the room's state came")
        };
        let socket = tokio::time::timeout(Duration::from_secs(15), dial)
            .await
            .unwrap_or_else(|_| Err(anyhow::anyhow!("no state within 15 s")))
            .inspect_err(|error| self.context.recorder.record_error(&format!("connect: {error}")))?;
        hall.recorder.welcome.record(dialled.elapsed());
        if let Some(lost) = self.disconnected_at.take() {
            hall.recorder.comeback.record(lost.elapsed());
        }
        hall.recorder.with_screen(self.number, |screen| screen.connected = true);
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
            // a greeting that was overtaken: what it says of one's own vote is still to be learnt
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

    /// Events may overtake each other; one of an older version of the session says nothing any more.
    fn is_stale(&mut self, payload: &Value) -> bool {
        let Some(version) = payload["version"].as_u64() else { return false };
        let stale = version < self.version;
        self.version = self.version.max(version);
        stale
    }

    /// A slide is on the screen; makes up their mind if it is a question.
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

    /// Back again: a vote that the server does not hold was lost with the connection, and is sent once more.
    async fn restore_vote(&mut self, socket: &mut LoadSocket, held: &Value) -> anyhow::Result<()> {
        let Some(vote) = self.vote.as_ref().filter(|vote| vote.sent) else { return Ok(()) };
        let held = held.as_array().is_some_and(|held| held.iter().any(|own| own["slide_id"] == *vote.slide));
        if held { Ok(()) } else { self.send_vote(socket).await }
    }

    async fn handle_refusal(&mut self, socket: &mut LoadSocket, payload: &Value) -> anyhow::Result<()> {
        let code = payload["code"].as_str().unwrap_or("error without a code");
        self.context.recorder.record_error(code);
        let passing = ["service_unavailable", "rate_limited", "internal_error"].contains(&code);
        let ours = payload["ref"].as_u64() == Some(self.seq);
        if passing && ours && self.vote.as_ref().is_some_and(|vote| vote.sent) {
            wait_with_jitter(Duration::from_secs(payload["retry_after"].as_u64().unwrap_or(1))).await;
            return self.send_vote(socket).await;
        }
        Ok(())
    }

    async fn cast_vote(&mut self, socket: &mut LoadSocket) -> anyhow::Result<()> {
        if let Some(vote) = &mut self.vote {
            vote.sent = true;
            let at = Instant::now();
            self.context.recorder.with_votes(&vote.slide, |ballot| ballot.record_vote(&vote.option, at));
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

/// Waits for half of it or a little more or less: a crowd that comes back in step is a second storm.
async fn wait_with_jitter(most: Duration) {
    let share = rand::rng().random_range(0.25..1.0);
    sleep(most.mul_f64(share)).await;
}
