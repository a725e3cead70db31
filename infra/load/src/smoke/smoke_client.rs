//! Requests, each made once: a smoke shows what fails, it does not try again until it works.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use reqwest::{Method, RequestBuilder, Url, header::HeaderMap};
use serde_json::Value;

use crate::latency::{LatencyHistogram, LatencySummary};

/// Longer than API Gateway waits for a function: what it says of that is worth seeing.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(35);

/// What was timed.
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
            ("socket: open → greeted", LatencyHistogram::new()?),
            ("ping → pong", LatencyHistogram::new()?),
            ("vote → presenter's screen", LatencyHistogram::new()?),
            ("message → screen", LatencyHistogram::new()?),
        ])))
    }

    pub(super) fn record(&self, what: TimedOperation, took: Duration) {
        self.0[what as usize].1.record(took);
    }

    pub(super) fn summaries(&self) -> impl Iterator<Item = (&'static str, Option<LatencySummary>)> {
        self.0.iter().map(|(name, latency)| (*name, latency.summary()))
    }
}

/// Someone who asks, with or without a token. Cheap to clone.
#[derive(Clone)]
pub(super) struct SmokeClient {
    http: reqwest::Client,
    base: String,
    token: Option<String>,
    times: SmokeTimings,
}

impl SmokeClient {
    pub(super) fn new(url: &Url, times: SmokeTimings) -> anyhow::Result<Self> {
        // a redirect is an answer to look at, and not to follow with a password
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
        let what = format!("{method} {path}");
        let mut request = self.request_builder(method, path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        self.send_request(what, request).await
    }

    /// A file as the body of a POST.
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

    async fn send_request(&self, what: String, request: RequestBuilder) -> anyhow::Result<SmokeResponse> {
        let asked = Instant::now();
        let answer = request.send().await.with_context(|| format!("{what}: no answer"))?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let bytes = answer.bytes().await.with_context(|| format!("{what}: no whole answer"))?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let took = asked.elapsed();
        self.times.record(TimedOperation::Request, took);
        Ok(SmokeResponse { what, status, headers, text, bytes: bytes.into(), took })
    }
}

/// What came back.
pub(super) struct SmokeResponse {
    what: String,
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) text: String,
    pub(super) bytes: Vec<u8>,
    pub(super) took: Duration,
}

impl SmokeResponse {
    /// The body, if the status is this.
    pub(super) fn ok(&self, status: u16) -> anyhow::Result<Value> {
        ensure!(self.status == status, "{}", self.unexpected(&status.to_string()));
        if self.text.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_str(&self.text).with_context(|| self.unexpected("JSON"))
    }

    /// Whether it is this refusal, in the form that all have.
    pub(super) fn refused(&self, status: u16, code: &str) -> anyhow::Result<Value> {
        let body: Value = serde_json::from_str(&self.text).unwrap_or_default();
        ensure!(
            self.status == status && body["code"] == code && body["status_code"] == status,
            "{}",
            self.unexpected(&format!("{status} {code}"))
        );
        let id = body["request_id"].as_str().filter(|id| !id.is_empty());
        ensure!(id.is_some(), "{}: the refusal has no request_id", self.what);
        ensure!(self.header("x-request-id") == id, "{}: the request_id is not the header's", self.what);
        Ok(body)
    }

    /// `200 in 12 ms`
    pub(super) fn status_and_time(&self) -> String {
        format!("{} in {} ms", self.status, self.took.as_millis())
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    fn unexpected(&self, wanted: &str) -> String {
        let begin: String = self.text.chars().take(200).collect();
        format!("{}: {wanted} was to come, but it was {} {begin}", self.what, self.status)
    }
}

/// A text field of an answer.
pub(super) fn text_field<'a>(value: &'a Value, field: &str) -> anyhow::Result<&'a str> {
    value[field].as_str().with_context(|| format!("the answer has no {field}"))
}
