//! `--demo`: content to try the product with, created through the public API. Another start finds the same content.

use std::{fmt, time::Duration};

use anyhow::{Context as _, ensure};
use local::LocalCloud;
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};

const DEMO_EMAIL: &str = "ana@example.com";
/// Valid on this machine only.
const DEMO_PASSWORD: &str = "correct-horse-demo";
const DEMO_TITLE: &str = "Colloquy in five minutes";

/// The prepared content, as the banner shows it.
pub(crate) struct DemoContent {
    url: String,
    presentation: String,
    session: String,
    join_code: String,
    /// A session that has ended and has a report.
    ended_session: String,
}

impl fmt::Display for DemoContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { url, presentation, session, join_code, ended_session } = self;
        writeln!(f, "Demo: {DEMO_EMAIL}, password {DEMO_PASSWORD}\n")?;
        writeln!(f, "  presentation  {presentation}")?;
        writeln!(f, "  session       {session}")?;
        writeln!(f, "  join code     {join_code}")?;
        writeln!(f, "  report        {url}/v1/sessions/{ended_session}/report?format=html\n")?;
        writeln!(f, "  curl -X POST {url}/v1/sessions/code/{join_code}/join \\")?;
        writeln!(f, "    -H 'content-type: application/json' -d '{{\"display_name\": \"Ben\"}}'")
    }
}

/// How long the mail that proves the address may take.
const MAIL_DEADLINE: Duration = Duration::from_secs(30);
const MAIL_POLL_INTERVAL: Duration = Duration::from_millis(100);

pub(crate) async fn prepare(local: &LocalCloud) -> anyhow::Result<DemoContent> {
    let url = &local.url();
    let mut api =
        DemoClient { client: Client::builder().build()?, url: url.to_owned(), token: String::new() };
    let (token, is_new) = api.log_in().await?;
    api.token = token;
    api.verify_address(local, is_new).await?;
    let presentation = match api.presentation().await? {
        Some(id) => id,
        None => api.create_presentation().await?,
    };
    let ended_session = match api.newest_session(&presentation, "ended").await? {
        Some((session, _)) => session,
        None => api.hold_session(&presentation).await?,
    };
    let (session, join_code) = match api.newest_session(&presentation, "active").await? {
        Some(session) => session,
        None => api.open_session(&presentation).await?,
    };
    Ok(DemoContent { url: url.to_owned(), presentation, session, join_code, ended_session })
}

struct DemoClient {
    client: Client,
    url: String,
    token: String,
}

impl DemoClient {
    /// Returns the access token, and whether the account is new.
    async fn log_in(&self) -> anyhow::Result<(String, bool)> {
        let login = json!({"email": DEMO_EMAIL, "password": DEMO_PASSWORD});
        let (status, known) = self.send(Method::POST, "/v1/auth/login", Some(&login)).await?;
        if status.is_success() {
            return Ok((text(&known, "access_token")?, false));
        }
        ensure!(status == StatusCode::UNAUTHORIZED, "log-in: {status} {known}");
        let account = json!({"email": DEMO_EMAIL, "password": DEMO_PASSWORD, "name": "Ana"});
        let (status, account) = self.send(Method::POST, "/v1/auth/register", Some(&account)).await?;
        ensure!(
            status != StatusCode::CONFLICT,
            "{DEMO_EMAIL} is registered with another password; use another --data directory"
        );
        ensure!(status.is_success(), "register: {status} {account}");
        Ok((text(&account, "access_token")?, true))
    }

    /// Verifies the address with the code of the newest mail, so that the account gets the mails of reports.
    async fn verify_address(&self, local: &LocalCloud, is_new: bool) -> anyhow::Result<()> {
        if self.request(Method::GET, "/v1/users/me", None).await?["email_verified"] == true {
            return Ok(());
        }
        if !is_new {
            // the code of the sign-up may have expired
            self.request(Method::POST, "/v1/auth/email-verification", None).await?;
        }
        let confirm = async {
            let mut tried = String::new();
            loop {
                tokio::time::sleep(MAIL_POLL_INTERVAL).await;
                let Some(code) = newest_code(local).filter(|code| *code != tried) else { continue };
                let path = "/v1/auth/email-verification/confirm";
                let (status, answer) = self.send(Method::POST, path, Some(&json!({"code": code}))).await?;
                if status.is_success() {
                    return anyhow::Ok(());
                }
                // an older mail
                ensure!(
                    status == StatusCode::BAD_REQUEST,
                    "the verification of {DEMO_EMAIL}: {status} {answer}"
                );
                tried = code;
            }
        };
        let confirmed = tokio::time::timeout(MAIL_DEADLINE, confirm).await;
        confirmed.with_context(|| format!("no mail verifies {DEMO_EMAIL}; see /_local"))?
    }

    async fn presentation(&self) -> anyhow::Result<Option<String>> {
        let list = self.request(Method::GET, "/v1/presentations", None).await?;
        let items = list["items"].as_array().context("the list of presentations has no items")?;
        items.iter().find(|item| item["title"] == DEMO_TITLE).map(|item| text(item, "id")).transpose()
    }

    async fn create_presentation(&self) -> anyhow::Result<String> {
        let body = json!({
            "title": DEMO_TITLE,
            "description": "A talk to play with.",
            "speaker_notes": "Colloquy runs on Lambda, DynamoDB and API Gateway, and all of it on this machine.",
        });
        let presentation = self.request(Method::POST, "/v1/presentations", Some(&body)).await?;
        let id = text(&presentation, "id")?;
        for slide in slides() {
            self.request(Method::POST, &format!("/v1/presentations/{id}/slides"), Some(&slide)).await?;
        }
        Ok(id)
    }

    /// The newest session with this status.
    async fn newest_session(
        &self,
        presentation: &str,
        status: &str,
    ) -> anyhow::Result<Option<(String, String)>> {
        let list =
            self.request(Method::GET, &format!("/v1/sessions?presentation_id={presentation}"), None).await?;
        let items = list["items"].as_array().context("the list of sessions has no items")?;
        let found = items.iter().find(|session| session["status"] == status);
        found.map(|session| Ok((text(session, "id")?, text(session, "join_code")?))).transpose()
    }

    async fn open_session(&self, presentation: &str) -> anyhow::Result<(String, String)> {
        let body = json!({"presentation_id": presentation});
        let session = self.request(Method::POST, "/v1/sessions", Some(&body)).await?;
        let id = text(&session, "id")?;
        self.request(Method::POST, &format!("/v1/sessions/{id}/start"), Some(&json!({}))).await?;
        Ok((id, text(&session, "join_code")?))
    }

    /// Plays a session with an audience from its start to its end. Its report is available some seconds later.
    async fn hold_session(&self, presentation: &str) -> anyhow::Result<String> {
        let (session, code) = self.open_session(presentation).await?;
        // Ana's own token would always join as the same participant
        let guest = Self { client: self.client.clone(), url: self.url.clone(), token: String::new() };
        let mut audience = Vec::new();
        for name in ["Ben", "Cleo", "Dan", "Ela", "Finn", "Gia"] {
            let joined = guest
                .request(
                    Method::POST,
                    &format!("/v1/sessions/code/{code}/join"),
                    Some(&json!({"display_name": name})),
                )
                .await?;
            let token = text(&joined, "participant_token")?;
            audience.push(Self { token, client: self.client.clone(), url: self.url.clone() });
        }
        let slides = self.request(Method::GET, &format!("/v1/sessions/{session}/slides"), None).await?;
        for slide in slides["items"].as_array().context("the session has no slides")? {
            let id = text(slide, "id")?;
            self.request(
                Method::POST,
                &format!("/v1/sessions/{session}/slide"),
                Some(&json!({"slide_id": id})),
            )
            .await?;
            for (number, participant) in audience.iter().enumerate() {
                let Some(content) = answer_for(slide, number) else { break };
                let body = json!({"session_id": session, "slide_id": id, "content": content});
                participant.request(Method::POST, "/v1/responses", Some(&body)).await?;
            }
        }
        for (participant, question) in
            audience.iter().zip(["What does it run on?", "What does an hour cost?"])
        {
            let path = format!("/v1/sessions/{session}/questions");
            participant.request(Method::POST, &path, Some(&json!({"question_text": question}))).await?;
        }
        self.request(Method::POST, &format!("/v1/sessions/{session}/finalize"), Some(&json!({}))).await?;
        Ok(session)
    }

    async fn request(&self, method: Method, path: &str, body: Option<&Value>) -> anyhow::Result<Value> {
        let operation = format!("{method} {path}");
        let (status, response) = self.send(method, path, body).await?;
        ensure!(status.is_success(), "{operation}: {status} {response}");
        Ok(response)
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<(StatusCode, Value)> {
        let mut request = self.client.request(method, format!("{}{path}", self.url));
        if !self.token.is_empty() {
            request = request.bearer_auth(&self.token);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await?;
        let status = response.status();
        Ok((status, response.json().await.unwrap_or_default()))
    }
}

/// Returns the code in the newest mail to the demo account.
fn newest_code(local: &LocalCloud) -> Option<String> {
    let text = local.emulator().ses().newest_to(DEMO_EMAIL)?.text?;
    let is_code = |line: &&str| line.len() == 6 && line.bytes().all(|byte| byte.is_ascii_digit());
    text.lines().find(is_code).map(ToOwned::to_owned)
}

fn slides() -> [Value; 8] {
    let options = |texts: [&str; 3]| {
        let option = |(order, text): (usize, &str)| json!({"id": format!("opt{}", order + 1), "text": text, "order": order});
        texts.into_iter().enumerate().map(option).collect::<Vec<_>>()
    };
    [
        json!({"type": "content", "content": {"text": "# Welcome\n\nOne talk, many voices.", "layout": "text-only"}}),
        json!({"type": "question_choice", "content": {
            "question": "How did you come here today?",
            "options": options(["On foot", "By bike", "Without leaving my chair"]),
            "show_results": true,
        }}),
        json!({"type": "question_choice", "content": {
            "question": "What should we talk about? (several)",
            "options": options(["Votes", "Sockets", "Cost"]),
            "allow_multiple": true,
            "show_results": true,
        }}),
        json!({"type": "question_text", "content": {"question": "What would you ask the speaker?", "max_length": 300}}),
        json!({"type": "scale", "content": {
            "question": "How sure are you that it scales?", "min_label": "not at all", "max_label": "very",
        }}),
        json!({"type": "ranking", "content": {
            "question": "What matters most?", "options": options(["Speed", "Cost", "Calm"]),
        }}),
        json!({"type": "quiz", "content": {
            "question": "How many servers does this need?", "options": options(["None", "One", "Three"]), "correct": ["opt1"],
        }}),
        json!({"type": "conclusion", "content": {"conclusions": ["No server runs while no one votes."]}}),
    ]
}

/// The response of a participant to a slide. Returns `None` if the slide takes no answers.
fn answer_for(slide: &Value, number: usize) -> Option<Value> {
    let option = |choices: [usize; 3]| format!("opt{}", choices[number % 3] + 1);
    let texts = [
        "Why no servers at all?",
        "Latency of a vote, and its cost",
        "Cost per vote",
        "Sockets, sockets, sockets",
        "Does the vote of my phone count twice?",
        "Cost",
    ];
    match slide["type"].as_str()? {
        "question_choice" => Some(json!({"selected": [option([1, 2, 1])]})),
        "question_text" => Some(json!({"text": texts[number % texts.len()]})),
        "scale" => Some(json!({"value": 3 + number % 3})),
        "ranking" => Some(json!({"ranking": [option([1, 0, 1]), option([2, 1, 0])]})),
        "quiz" => Some(json!({"selected": [option([0, 0, 1])]})),
        _ => None,
    }
}

fn text(value: &Value, field: &str) -> anyhow::Result<String> {
    Ok(value[field].as_str().with_context(|| format!("the response has no {field}"))?.to_owned())
}
