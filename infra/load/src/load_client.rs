//! The HTTP client of a rehearsal.

use std::{sync::Arc, time::Duration};

use anyhow::Context;
use rand::RngExt;
use reqwest::Method;
use serde_json::Value;

use crate::recorder::LoadRecorder;

/// Attempts of a request that fails temporarily.
const MAX_ATTEMPTS: u32 = 5;

/// A client of the HTTP API, with or without a token. Clones share connections.
#[derive(Clone)]
pub(crate) struct LoadClient {
    http: reqwest::Client,
    base: String,
    token: Option<String>,
    /// POSTs carry an `Idempotency-Key`, so that a retry runs once.
    has_idempotency_keys: bool,
    recorder: Arc<LoadRecorder>,
}

impl LoadClient {
    pub(crate) fn new(base: &str, recorder: Arc<LoadRecorder>) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder().timeout(Duration::from_secs(30)).build()?;
        Ok(Self {
            http,
            base: base.trim_end_matches('/').to_owned(),
            token: None,
            has_idempotency_keys: false,
            recorder,
        })
    }

    pub(crate) fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// A client whose POSTs run once regardless of retries. That costs the deployment two writes each. The audience
    /// does not use it, because its joins are measured and an extra participant does no harm.
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

    /// Sends a request. Retries temporary failures with growing pauses, and records every failure.
    async fn request(&self, method: Method, path: &str, body: Option<&Value>) -> anyhow::Result<Value> {
        let key = (self.has_idempotency_keys && method == Method::POST).then(|| rand::rng().random::<u128>());
        let mut attempts = 0;
        loop {
            attempts += 1;
            let failed = match self.request_once(method.clone(), path, body, key).await? {
                Ok(response) => return Ok(response),
                Err(failed) => failed,
            };
            let retry_after = failed.retry_after.filter(|_| attempts < MAX_ATTEMPTS);
            if !failed.is_expected || retry_after.is_none() {
                self.recorder.record_unexpected(&failed.code);
            }
            match retry_after {
                Some(pause) => tokio::time::sleep(pause * attempts).await,
                None => return Err(failed.error.context(format!("{method} {path}"))),
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
        let response = match request.send().await {
            Ok(response) => response,
            Err(error) => {
                let code = "no response".to_owned();
                self.recorder.record_error(&code);
                return Ok(Err(FailedAttempt {
                    code,
                    is_expected: true,
                    retry_after: Some(Duration::from_millis(500)),
                    error: error.into(),
                }));
            }
        };
        let status = response.status();
        let retry_after = response
            .headers()
            .get("retry-after")
            .and_then(|value| value.to_str().ok())
            .and_then(|seconds| seconds.parse().ok());
        let text = response.text().await.unwrap_or_default();
        if status.is_success() {
            let value = if text.is_empty() {
                Value::Null
            } else {
                serde_json::from_str(&text).context("the response is not JSON")?
            };
            return Ok(Ok(value));
        }
        let body: Value = serde_json::from_str(&text).unwrap_or_default();
        let code = body["code"].as_str().map_or_else(|| format!("HTTP {}", status.as_u16()), str::to_owned);
        self.recorder.record_error(&code);
        // a CONFLICT with a key means that the first attempt is still running
        let running = key.is_some() && code == "CONFLICT";
        let is_expected = matches!(status.as_u16(), 429 | 503) || running;
        let is_temporary = status.is_server_error() || is_expected;
        let retry_after = is_temporary.then(|| Duration::from_secs(retry_after.unwrap_or(1)));
        let message = body["message"].as_str().unwrap_or("without a message");
        let error = anyhow::anyhow!("{} {code}: {message}", status.as_u16());
        Ok(Err(FailedAttempt { code, is_expected, retry_after, error }))
    }
}

struct FailedAttempt {
    code: String,
    /// A deployment may refuse any request like this (429, 503), so a successful retry leaves no failure.
    is_expected: bool,
    /// The pause before the next attempt. `None` if a retry is useless.
    retry_after: Option<Duration>,
    error: anyhow::Error,
}
