//! The presenter of a rehearsed talk.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Context;
use rand::RngExt;
use serde_json::{Value, json};

use crate::{
    load_client::LoadClient, load_socket::LoadSocket, recorder::LoadRecorder, vote_tracker::ShownTally,
};

/// Timed requests of each kind: enough for a 99th percentile, and cents on AWS.
const TIMED_REQUESTS: usize = 200;

pub(crate) struct Presenter {
    api: LoadClient,
    password: String,
    presentation: String,
    pub(crate) session: String,
    pub(crate) code: String,
    pub(crate) slides: Vec<String>,
}

impl Presenter {
    /// Signs up, creates a presentation with this many choice slides, and creates a session. Fails if the plan does not
    /// admit the audience.
    pub(crate) async fn prepare(
        api: &LoadClient,
        questions: usize,
        audience: u32,
        admin: Option<&str>,
    ) -> anyhow::Result<Self> {
        let api = api.with_idempotency_keys();
        let number: u128 = rand::rng().random();
        let password = format!("rehearsal {number:032x}");
        let account = json!({
            "email": crate::unbounced_address(&format!("rehearsal-{number:032x}")), "password": password, "name": "Rehearsal",
        });
        let account = api.post("/v1/auth/register", &account).await?;
        if let Some(admin) = admin {
            let path = format!("/v1/admin/users/{}/plan", text_field(&account["user"], "id")?);
            let changed = api.with_token(admin).patch(&path, &json!({ "plan_id": "enterprise" })).await;
            changed.context("the admin token could not change the plan")?;
        }
        let api = api.with_token(text_field(&account, "access_token")?);
        if let Err(error) = check_plan_seats(&api, audience).await {
            api.delete("/v1/users/me", Some(&json!({ "password": password }))).await?;
            return Err(error);
        }
        let presentation = api.post("/v1/presentations", &json!({ "title": "Rehearsal" })).await?;
        let presentation = text_field(&presentation, "id")?.to_owned();
        let mut slides = Vec::with_capacity(questions);
        for number in 1..=questions {
            let path = format!("/v1/presentations/{presentation}/slides");
            let slide = api.post(&path, &choice_slide(number)).await?;
            slides.push(text_field(&slide, "id")?.to_owned());
        }
        let session = api.post("/v1/sessions", &json!({ "presentation_id": presentation })).await?;
        let code = text_field(&session, "join_code")?.to_owned();
        let session = text_field(&session, "id")?.to_owned();
        Ok(Self { api, password, presentation, session, code, slides })
    }

    /// Opens the presenter's socket and records every tally. The task ends when its handle is aborted.
    pub(crate) async fn record_screen(
        &self,
        recorder: Arc<LoadRecorder>,
    ) -> anyhow::Result<tokio::task::JoinHandle<()>> {
        let api = self.api.clone();
        let session = self.session.clone();
        let socket = open_socket(&api, &session).await?;
        Ok(tokio::spawn(async move {
            let mut socket = Some(socket);
            loop {
                if let Some(open) = socket.take() {
                    record_tallies(open, &recorder).await;
                    recorder.record_error("presenter's connection lost");
                }
                match open_socket(&api, &session).await {
                    Ok(new) => socket = Some(new),
                    Err(_) => tokio::time::sleep(Duration::from_millis(500)).await,
                }
            }
        }))
    }

    /// Times single requests before the audience arrives. They measure the network and one function.
    pub(crate) async fn time_requests(&self, recorder: &LoadRecorder) -> anyhow::Result<()> {
        let session = format!("/v1/sessions/{}", self.session);
        let presentation = format!("/v1/presentations/{}", self.presentation);
        let renamed = json!({ "title": "Rehearsal" });
        for _ in 0..TIMED_REQUESTS {
            let started = Instant::now();
            self.api.get(&session).await?;
            recorder.read.record(started.elapsed());
            let started = Instant::now();
            self.api.put(&presentation, &renamed).await?;
            recorder.write.record(started.elapsed());
        }
        Ok(())
    }

    pub(crate) async fn start(&self) -> anyhow::Result<()> {
        self.api.post(&format!("/v1/sessions/{}/start", self.session), &json!({})).await.map(drop)
    }

    pub(crate) async fn show_slide(&self, slide: &str) -> anyhow::Result<()> {
        let body = json!({ "slide_id": slide });
        self.api.post(&format!("/v1/sessions/{}/slide", self.session), &body).await.map(drop)
    }

    pub(crate) async fn end(&self) -> anyhow::Result<()> {
        self.api.post(&format!("/v1/sessions/{}/end", self.session), &json!({})).await.map(drop)
    }

    /// The number of answers of each slide, as the deployment reports them after the end.
    pub(crate) async fn reported_answers(&self) -> anyhow::Result<Value> {
        let statistics = self.api.get(&format!("/v1/sessions/{}/statistics", self.session)).await?;
        Ok(statistics["responses_per_slide"].clone())
    }

    /// Deletes the data of the rehearsal.
    pub(crate) async fn clean_up(&self) -> anyhow::Result<()> {
        self.api.delete(&format!("/v1/presentations/{}", self.presentation), None).await?;
        self.api.delete("/v1/users/me", Some(&json!({ "password": self.password }))).await?;
        Ok(())
    }
}

/// Fails if the plan of the account admits fewer participants.
async fn check_plan_seats(api: &LoadClient, audience: u32) -> anyhow::Result<()> {
    let usage = api.get("/v1/users/me/usage").await?;
    let limit = usage["categories"]["participants_per_session"]["limit"].as_u64();
    anyhow::ensure!(
        limit.is_none_or(|limit| u64::from(audience) <= limit),
        "a session of a new account (plan {}) admits {} participants, not {audience}: start with --plan enterprise, deploy with \
         DefaultPlan=enterprise, or pass an admin's token with --admin-token",
        usage["plan"].as_str().unwrap_or("?"),
        limit.unwrap_or_default(),
    );
    Ok(())
}

async fn open_socket(api: &LoadClient, session: &str) -> anyhow::Result<LoadSocket> {
    let ticket = api.post("/v1/realtime/tickets", &json!({ "session_id": session })).await?;
    LoadSocket::connect(text_field(&ticket, "websocket_url")?).await.context("the presenter's socket")
}

async fn record_tallies(mut socket: LoadSocket, recorder: &LoadRecorder) {
    // below API Gateway's ten minutes, and the interval that contract presentations A2.3 asks of a client
    let mut heartbeat = tokio::time::interval(Duration::from_secs(30));
    loop {
        let event = tokio::select! {
            event = socket.next_frame() => event,
            _ = heartbeat.tick() => {
                if socket.send("ping", json!({}), None).await.is_err() {
                    return;
                }
                continue;
            }
        };
        let Some(event) = event else { return };
        let at = Instant::now();
        recorder.record_frame();
        let update = match event.kind.as_str() {
            "vote_update" => &event.payload,
            "session_state" => &event.payload["votes"],
            "session_ended" => return futures::future::pending().await,
            "error" => {
                recorder.record_refused_frame(&event.payload);
                continue;
            }
            _ => continue,
        };
        if let Some((slide, shown)) = ShownTally::parse(update, at) {
            recorder.record_presenter_tally(&slide, shown);
        }
    }
}

fn choice_slide(number: usize) -> Value {
    let options =
        ["a", "b", "c", "d"].map(|id| json!({ "id": id, "text": format!("Answer {id}"), "order": 0 }));
    json!({
        "type": "question_choice",
        "content": { "question": format!("Question {number}?"), "options": options, "show_results": true },
    })
}

pub(crate) fn text_field<'a>(value: &'a Value, field: &str) -> anyhow::Result<&'a str> {
    value[field].as_str().with_context(|| format!("the response has no {field}"))
}
