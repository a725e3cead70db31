//! Requests, as any client makes them.

use std::{sync::Arc, time::Duration};

use anyhow::Context;
use rand::RngExt;
use reqwest::Method;
use serde_json::Value;

use crate::recorder::LoadRecorder;

/// Tries of a request that fails in a way that may pass.
const MAX_ATTEMPTS: u32 = 5;

/// A client of the HTTP API, with or without someone's token. Cheap to clone; clones share connections.
#[derive(Clone)]
pub(crate) struct LoadClient {
    http: reqwest::Client,
    base: String,
    token: Option<String>,
    /// POSTs carry an `Idempotency-Key`: what is tried again is done once.
    has_idempotency_keys: bool,
    recorder: Arc<LoadRecorder>,
}

impl LoadClient {
    pub(crate) fn new(base: &str, book: Arc<LoadRecorder>) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder().timeout(Duration::from_secs(30)).build()?;
        Ok(Self {
            http,
            base: base.trim_end_matches('/').to_owned(),
            token: None,
            has_idempotency_keys: false,
            recorder: book,
        })
    }

    pub(crate) fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// Every POST is done once, however often it must be tried. Costs the deployment two writes each, so not for an
    /// audience, whose joining is measured and whom a place too many does no harm.
    pub(crate) fn with_idempotency_keys(&self) -> Self {
        Self { has_idempotency_keys: true, ..self.clone() }
    }

    pub(crate) async fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.request(Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.request(Method::POST, path, Some(body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.request(Method::PUT, path, Some(body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.request(Method::PATCH, path, Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str, body: Option<&Value>) -> anyhow::Result<Value> {
        self.request(Method::DELETE, path, body).await
    }

    /// Tries again, and later every time, what was refused only for now. Every refusal is written down.
    async fn request(&self, method: Method, path: &str, body: Option<&Value>) -> anyhow::Result<Value> {
        let key = (self.has_idempotency_keys && method == Method::POST).then(|| rand::rng().random::<u128>());
        let mut tried = 0;
        loop {
            tried += 1;
            let (wait, error) = match self.request_once(method.clone(), path, body, key).await? {
                Ok(answer) => return Ok(answer),
                Err(FailedAttempt { wait, error }) => (wait, error),
            };
            match wait {
                Some(wait) if tried < MAX_ATTEMPTS => tokio::time::sleep(wait * tried).await,
                _ => return Err(error.context(format!("{method} {path}"))),
            }
        }
    }

    async fn request_once(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        key: Option<u128>,
    ) -> anyhow::Result<Result<Value, FailedAttempt>> {
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        if let Some(key) = key {
            request = request.header("idempotency-key", format!("{key:032x}"));
        }
        let answer = match request.send().await {
            Ok(answer) => answer,
            Err(error) => {
                self.recorder.record_error("no answer");
                return Ok(Err(FailedAttempt {
                    wait: Some(Duration::from_millis(500)),
                    error: error.into(),
                }));
            }
        };
        let status = answer.status();
        let later = answer
            .headers()
            .get("retry-after")
            .and_then(|value| value.to_str().ok())
            .and_then(|seconds| seconds.parse().ok());
        let text = answer.text().await.unwrap_or_default();
        if status.is_success() {
            let value = if text.is_empty() {
                Value::Null
            } else {
                serde_json::from_str(&text).context("not JSON")?
            };
            return Ok(Ok(value));
        }
        let body: Value = serde_json::from_str(&text).unwrap_or_default();
        let code = body["code"].as_str().map_or_else(|| format!("HTTP {}", status.as_u16()), str::to_owned);
        self.recorder.record_error(&code);
        // a CONFLICT with a key says that the first try is still running
        let running = key.is_some() && code == "CONFLICT";
        let passing = status.is_server_error() || status.as_u16() == 429 || running;
        let wait = passing.then(|| Duration::from_secs(later.unwrap_or(1)));
        let message = body["message"].as_str().unwrap_or("no reason given");
        Ok(Err(FailedAttempt { wait, error: anyhow::anyhow!("{} {code}: {message}", status.as_u16()) }))
    }
}

struct FailedAttempt {
    /// Worth another try after this long.
    wait: Option<Duration>,
    error: anyhow::Error,
}
