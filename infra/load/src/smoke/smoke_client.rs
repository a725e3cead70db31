//! The HTTP client of the smoke test. It makes each request once, because a retry would hide a failure.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use reqwest::{Method, RequestBuilder, Url, header::HeaderMap};
use serde_json::Value;

use crate::latency::{LatencyHistogram, LatencySummary};

/// Longer than API Gateway waits for a function, so that its error can be shown.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(35);

/// The measured latencies of the smoke test.
#[derive(Clone)]
pub(super) struct SmokeTimings(Arc<[(&'static str, LatencyHistogram); 6]>);

#[derive(Clone, Copy)]
pub(super) enum TimedOperation {
    Request,
    Handshake,
    Greeting,
    Ping,
    Vote,
    Message,
}

impl SmokeTimings {
    pub(super) fn new() -> anyhow::Result<Self> {
        Ok(Self(Arc::new([
            ("request", LatencyHistogram::new()?),
            ("socket: dialled → open", LatencyHistogram::new()?),
            ("socket: open → first event", LatencyHistogram::new()?),
            ("ping → pong", LatencyHistogram::new()?),
            ("vote → presenter's screen", LatencyHistogram::new()?),
            ("message → screen", LatencyHistogram::new()?),
        ])))
    }

    pub(super) fn record(&self, operation: TimedOperation, took: Duration) {
        self.0[operation as usize].1.record(took);
    }

    pub(super) fn summaries(&self) -> impl Iterator<Item = (&'static str, Option<LatencySummary>)> {
        self.0.iter().map(|(name, latency)| (*name, latency.summary()))
    }
}

/// A client, with or without a token. Clones share connections.
#[derive(Clone)]
pub(super) struct SmokeClient {
    http: reqwest::Client,
    base: String,
    token: Option<String>,
    times: SmokeTimings,
}

impl SmokeClient {
    pub(super) fn new(url: &Url, times: SmokeTimings) -> anyhow::Result<Self> {
        // a redirect is shown, and never followed with a password
        let http = reqwest::Client::builder()
            .timeout(REQUEST_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self { http, base: url.as_str().trim_end_matches('/').to_owned(), token: None, times })
    }

    pub(super) fn base(&self) -> &str {
        &self.base
    }

    pub(super) fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    pub(super) fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    pub(super) async fn get(&self, path: &str) -> anyhow::Result<SmokeResponse> {
        self.send_json(Method::GET, path, None, &[]).await
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> anyhow::Result<SmokeResponse> {
        self.send_json(Method::POST, path, Some(body), &[]).await
    }

    pub(super) async fn delete(&self, path: &str, body: Option<&Value>) -> anyhow::Result<SmokeResponse> {
        self.send_json(Method::DELETE, path, body, &[]).await
    }

    pub(super) async fn send_json(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        headers: &[(&str, &str)],
    ) -> anyhow::Result<SmokeResponse> {
        let operation = format!("{method} {path}");
        let mut request = self.request_builder(method, path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        self.send_request(operation, request).await
    }

    /// Posts a file.
    pub(super) async fn upload(&self, path: &str, bytes: Vec<u8>) -> anyhow::Result<SmokeResponse> {
        let request =
            self.request_builder(Method::POST, path).header("content-type", "application/octet-stream");
        self.send_request(format!("POST {path}"), request.body(bytes)).await
    }

    fn request_builder(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    async fn send_request(
        &self,
        operation: String,
        request: RequestBuilder,
    ) -> anyhow::Result<SmokeResponse> {
        let started = Instant::now();
        let answer = request.send().await.with_context(|| format!("{operation}: no response"))?;
        let status = answer.status().as_u16();
        let headers = answer.headers().clone();
        let bytes =
            answer.bytes().await.with_context(|| format!("{operation}: the response is incomplete"))?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let took = started.elapsed();
        self.times.record(TimedOperation::Request, took);
        Ok(SmokeResponse { operation, status, headers, text, bytes: bytes.into(), took })
    }
}

/// A complete response.
pub(super) struct SmokeResponse {
    operation: String,
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) text: String,
    pub(super) bytes: Vec<u8>,
    pub(super) took: Duration,
}

impl SmokeResponse {
    /// The body. Fails unless the response has this status.
    pub(super) fn ok(&self, status: u16) -> anyhow::Result<Value> {
        ensure!(self.status == status, "{}", self.unexpected(&status.to_string()));
        if self.text.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_str(&self.text).with_context(|| self.unexpected("JSON"))
    }

    /// The body of an error response. Fails unless it has this status and code, and the common form of errors.
    pub(super) fn refused(&self, status: u16, code: &str) -> anyhow::Result<Value> {
        let body: Value = serde_json::from_str(&self.text).unwrap_or_default();
        ensure!(
            self.status == status && body["code"] == code && body["status_code"] == status,
            "{}",
            self.unexpected(&format!("{status} {code}"))
        );
        let id = body["request_id"].as_str().filter(|id| !id.is_empty());
        ensure!(id.is_some(), "{}: the error has no request_id", self.operation);
        ensure!(
            self.header("x-request-id") == id,
            "{}: the request_id differs from the header",
            self.operation
        );
        Ok(body)
    }

    /// A text such as `200 in 12 ms`.
    pub(super) fn status_and_time(&self) -> String {
        format!("{} in {} ms", self.status, self.took.as_millis())
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    fn unexpected(&self, wanted: &str) -> String {
        let begin: String = self.text.chars().take(200).collect();
        format!("{}: expected {wanted}, got {} {begin}", self.operation, self.status)
    }
}

/// A text field of a response body.
pub(super) fn text_field<'a>(value: &'a Value, field: &str) -> anyhow::Result<&'a str> {
    value[field].as_str().with_context(|| format!("the response has no {field}"))
}
