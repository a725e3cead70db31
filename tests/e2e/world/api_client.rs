//! HTTP requests of stories.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use reqwest::{Method, header::HeaderMap};
use serde_json::Value;
use testkit::shorten;
use tokio::time::{Instant, sleep};

use super::DEADLINE;

/// The time between two requests of [`ApiClient::get_until`].
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// The failures that the clients of a world received.
#[derive(Default)]
pub(crate) struct FailureLog {
    /// Responses with 503, which ask a client to try again.
    unavailable: AtomicU64,
    /// All other 5xx responses, in full.
    errors: Mutex<Vec<String>>,
}

impl FailureLog {
    pub(crate) fn unavailable_count(&self) -> u64 {
        self.unavailable.load(Ordering::Relaxed)
    }

    pub(crate) fn errors(&self) -> Vec<String> {
        self.errors.lock().expect("no test panics while it holds the lock").clone()
    }

    fn record(&self, response: &ApiResponse) {
        match response.status {
            503 => {
                self.unavailable.fetch_add(1, Ordering::Relaxed);
                let wait = response.header("retry-after").and_then(|wait| wait.parse::<u64>().ok());
                assert!(wait.is_some(), "{}: 503 without Retry-After: {}", response.what, response.text);
            }
            500.. => {
                let error = format!("{}: {} {}", response.what, response.status, response.text);
                self.errors.lock().expect("no test panics while it holds the lock").push(error);
            }
            _ => {}
        }
    }
}

/// A caller with or without a token, at an IP address.
#[derive(Clone)]
pub(crate) struct ApiClient {
    http: reqwest::Client,
    base: String,
    address: String,
    token: Option<String>,
    failures: Arc<FailureLog>,
    /// Who calls, in the messages of failed assertions.
    caller: String,
}

impl ApiClient {
    pub(crate) fn new(http: reqwest::Client, base: &str, address: &str, failures: Arc<FailureLog>) -> Self {
        let caller = "without an account".to_owned();
        Self { http, base: base.to_owned(), address: address.to_owned(), token: None, failures, caller }
    }

    /// Names the caller in the messages of failed assertions.
    pub(crate) fn named(self, caller: &str) -> Self {
        Self { caller: caller.to_owned(), ..self }
    }

    pub(crate) fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), caller: "with a token".to_owned(), ..self.clone() }
    }

    pub(crate) fn at_address(&self, address: &str) -> Self {
        Self { address: address.to_owned(), ..self.clone() }
    }

    pub(crate) async fn get(&self, path: &str) -> ApiResponse {
        self.request(Method::GET, path).send().await
    }

    /// Repeats the request until the body meets the condition. Jobs of a deployment run at an unknown time.
    pub(crate) async fn get_until(&self, path: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let began = Instant::now();
        loop {
            let body = self.get(path).await.ok(200);
            if is_so(&body) {
                return body;
            }
            assert!(
                began.elapsed() < DEADLINE,
                "GET {path} never meets the condition; the last body was {body}"
            );
            sleep(POLL_INTERVAL).await;
        }
    }

    pub(crate) async fn delete(&self, path: &str) -> ApiResponse {
        self.request(Method::DELETE, path).send().await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> ApiResponse {
        self.request(Method::POST, path).json(body).send().await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> ApiResponse {
        self.request(Method::PUT, path).json(body).send().await
    }

    pub(crate) async fn patch(&self, path: &str, body: &Value) -> ApiResponse {
        self.request(Method::PATCH, path).json(body).send().await
    }

    /// Starts to build a request.
    pub(crate) fn request(&self, method: Method, path: &str) -> ApiRequest {
        let what = format!("{}: {method} {path}", self.caller);
        // the local API Gateway uses this header as the source address, and the deployed one ignores it
        let request = self.http.request(method, format!("{}{path}", self.base));
        let mut request = request.header("x-local-source-ip", &self.address);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        ApiRequest { what, request, failures: Arc::clone(&self.failures) }
    }
}

pub(crate) struct ApiRequest {
    /// Caller, method, path, headers and body, for the messages of failed assertions.
    what: String,
    request: reqwest::RequestBuilder,
    failures: Arc<FailureLog>,
}

impl ApiRequest {
    pub(crate) fn header(self, name: &str, value: &str) -> Self {
        let what = format!("{} [{name}: {}]", self.what, shorten(value));
        Self { request: self.request.header(name, value), what, ..self }
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        let what = format!("{} {}", self.what, shorten(&body.to_string()));
        Self { request: self.request.json(body), what, ..self }
    }

    /// Sets any body with the content type of JSON.
    pub(crate) fn raw_json(self, body: impl Into<reqwest::Body>) -> Self {
        Self { request: self.request.header("content-type", "application/json").body(body), ..self }
    }

    pub(crate) fn text(self, body: &'static str) -> Self {
        Self { request: self.request.header("content-type", "text/plain").body(body), ..self }
    }

    /// Sets a file as the body.
    pub(crate) fn file(self, content_type: &str, bytes: &[u8]) -> Self {
        Self { request: self.request.header("content-type", content_type).body(bytes.to_vec()), ..self }
    }

    /// Sets a form with one file as the body, as a browser sends it.
    pub(crate) fn form(self, field: &str, filename: &str, content_type: &str, bytes: &[u8]) -> Self {
        let head = format!(
            "--herons\r\ncontent-disposition: form-data; name=\"{field}\"; filename=\"{filename}\"\r\n\
             content-type: {content_type}\r\n\r\n"
        );
        let body = [head.as_bytes(), bytes, b"\r\n--herons--\r\n"].concat();
        self.file("multipart/form-data; boundary=herons", &body)
    }

    pub(crate) async fn send(self) -> ApiResponse {
        let what = self.what.clone();
        self.try_send().await.unwrap_or_else(|error| panic!("{what}: no response: {error}"))
    }

    /// Sends the request to a cloud that may be killed. Fails if no complete response arrives.
    pub(crate) async fn try_send(self) -> reqwest::Result<ApiResponse> {
        let answer = self.request.send().await?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let bytes = answer.bytes().await?;
        let (text, bytes) = (String::from_utf8_lossy(&bytes).into_owned(), bytes.to_vec());
        let response = ApiResponse { what: self.what, status, headers, text, bytes };
        response.assert_cookies_are_protected();
        self.failures.record(&response);
        Ok(response)
    }
}

/// A response to a request.
#[derive(Clone, Debug)]
pub(crate) struct ApiResponse {
    /// The request, for the messages of failed assertions.
    what: String,
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    pub(crate) bytes: Vec<u8>,
}

impl ApiResponse {
    /// Names the row of a table of cases in the messages of failed assertions.
    pub(crate) fn in_row(self, row: &str) -> Self {
        Self { what: format!("{row}: {}", self.what), ..self }
    }

    pub(crate) fn body(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    /// Asserts the status and returns the body.
    #[track_caller]
    pub(crate) fn ok(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}: {}", self.what, self.text);
        self.body()
    }

    /// Asserts an error of this status and code in the documented form, and returns the body.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16, code: &str) -> Value {
        let body = self.body();
        assert_eq!(
            (self.status, body["code"].as_str()),
            (status, Some(code)),
            "{}: {}",
            self.what,
            self.text
        );
        assert_eq!(body["status_code"], status, "{}: {}", self.what, self.text);
        assert_eq!(body["detail"], body["message"], "{}: {}", self.what, self.text);
        for field in ["message", "request_id"] {
            let said = body[field].as_str().is_some_and(|text| !text.is_empty());
            assert!(said, "{}: no {field} in {}", self.what, self.text);
        }
        body
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Asserts that scripts, other sites and plain HTTP have no access to any cookie of the response (RELIABILITY 11).
    #[track_caller]
    fn assert_cookies_are_protected(&self) {
        for (name, _, attributes) in self.cookies() {
            let attributes = attributes.to_lowercase();
            assert!(name.starts_with("__Host-"), "{}: the cookie {name} has no prefix", self.what);
            for needed in ["secure", "httponly", "samesite=lax", "path=/"] {
                assert!(attributes.contains(needed), "{}: {name} lacks {needed}: {attributes}", self.what);
            }
            assert!(!attributes.contains("domain"), "{}: {name} names a domain: {attributes}", self.what);
        }
    }

    /// Name → value and attributes of every cookie that is set.
    pub(crate) fn cookies(&self) -> Vec<(String, String, String)> {
        let set = self.headers.get_all("set-cookie").iter().filter_map(|value| value.to_str().ok());
        set.filter_map(|cookie| {
            let (pair, attributes) = cookie.split_once(';').unwrap_or((cookie, ""));
            let (name, value) = pair.split_once('=')?;
            Some((name.trim().to_owned(), value.to_owned(), attributes.to_owned()))
        })
        .collect()
    }
}
