//! A client that calls an HTTP function with events of API Gateway.

use std::collections::BTreeMap;

use emulator::ACCOUNT;
use entry::LambdaFunction;
use lambda_runtime::Context;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

/// The id of every request.
const REQUEST_ID: &str = "r-1";

/// Calls one function. Cheap to clone.
#[derive(Clone)]
pub struct FunctionClient(LambdaFunction);

impl FunctionClient {
    pub const fn new(function: LambdaFunction) -> Self {
        Self(function)
    }

    /// Starts to build a request. `path` may have a query.
    pub fn request(&self, method: &str, path: &str) -> TestRequest {
        TestRequest {
            client: self.clone(),
            method: method.into(),
            path: path.into(),
            headers: [("host".to_owned(), "localhost".to_owned())].into(),
            body: None,
            ip: "203.0.113.7".into(),
            what: format!("{method} {path}"),
        }
    }
}

/// Shortens a text to a line of a message.
pub fn shorten(text: &str) -> String {
    const LENGTH: usize = 200;
    match text.char_indices().nth(LENGTH) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// A request that has not been sent.
#[derive(Clone)]
#[must_use]
pub struct TestRequest {
    client: FunctionClient,
    method: String,
    path: String,
    headers: BTreeMap<String, String>,
    body: Option<String>,
    ip: String,
    /// Method, path, headers and body, for the messages of failed assertions.
    what: String,
}

impl TestRequest {
    pub fn bearer(mut self, token: &str) -> Self {
        self.headers.insert("authorization".into(), format!("Bearer {token}"));
        self
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.insert(name.into(), value.into());
        self.what = format!("{} [{name}: {}]", self.what, shorten(value));
        self
    }

    pub fn json(self, body: &Value) -> Self {
        self.body("application/json", &body.to_string())
    }

    pub fn body(mut self, content_type: &str, text: &str) -> Self {
        self.body = Some(text.into());
        self.headers.insert("content-type".into(), content_type.into());
        self.what = format!("{} {}", self.what, shorten(text));
        self
    }

    /// Sets the source address.
    pub fn from_ip(mut self, ip: &str) -> Self {
        self.ip = ip.into();
        self
    }

    pub async fn send(self) -> TestResponse {
        let response = self.client.0.call(self.event(), Context::default()).await;
        let response = response.unwrap_or_else(|error| panic!("{}: no response: {error}", self.what));
        TestResponse::from_lambda_response(self.what, &response)
    }

    /// Builds the event of an HTTP API, payload format 2.0.
    fn event(&self) -> Value {
        let (path, query) = self.path.split_once('?').unwrap_or((&self.path, ""));
        let cookies: Vec<&str> =
            self.headers.get("cookie").map(|all| all.split("; ").collect()).unwrap_or_default();
        json!({
            "version": "2.0",
            "routeKey": "$default",
            // API Gateway passes a path on decoded
            "rawPath": percent_decode_str(path).decode_utf8_lossy(),
            "rawQueryString": query,
            "headers": self.headers,
            "cookies": cookies,
            "requestContext": {
                "accountId": ACCOUNT, "apiId": "api", "domainName": "localhost", "domainPrefix": "localhost",
                "http": {
                    "method": self.method, "path": path, "protocol": "HTTP/1.1",
                    "sourceIp": self.ip, "userAgent": "tests",
                },
                "requestId": REQUEST_ID, "routeKey": "$default", "stage": "$default",
                "time": "21/Nov/2026:12:00:00 +0000", "timeEpoch": 1_795_262_400_000_i64,
            },
            "body": self.body,
            "isBase64Encoded": false,
        })
    }
}

/// The response to a request.
#[derive(Debug)]
pub struct TestResponse {
    /// The request, for the messages of failed assertions.
    what: String,
    pub status: u64,
    pub text: String,
    /// The parsed body, or `null` if it is not JSON.
    pub body: Value,
    pub headers: Value,
    pub cookies: Vec<String>,
    /// Whether the text is the body in base64.
    pub base64: bool,
}

impl TestResponse {
    fn from_lambda_response(what: String, answer: &Value) -> Self {
        let text = answer["body"].as_str().unwrap_or_default();
        let body = serde_json::from_str(text);
        let says_json = answer["headers"]["content-type"].as_str().is_some_and(|kind| kind.contains("json"));
        assert!(body.is_ok() || !says_json, "{what}: the body is not JSON: {text}");
        let cookies = answer["cookies"].as_array().into_iter().flatten();
        Self {
            status: answer["statusCode"].as_u64().unwrap_or_else(|| panic!("{what}: no status: {answer}")),
            text: text.into(),
            body: body.unwrap_or_default(),
            headers: answer["headers"].clone(),
            cookies: cookies.filter_map(Value::as_str).map(Into::into).collect(),
            base64: answer["isBase64Encoded"] == true,
            what,
        }
    }

    #[track_caller]
    pub fn header(&self, name: &str) -> &str {
        self.headers[name].as_str().unwrap_or_else(|| panic!("{}: no {name}: {}", self.what, self.headers))
    }

    /// Asserts the status and returns the body.
    #[track_caller]
    pub fn ok(self, status: u64) -> Value {
        assert_eq!(self.status, status, "{}: {}", self.what, self.text);
        self.body
    }

    /// Asserts an error of this status and code, and returns the body.
    #[track_caller]
    pub fn refused(self, status: u64, code: &str) -> Value {
        let what = self.what.clone();
        let body = self.ok(status);
        assert_eq!(body["code"], code, "{what}: {body}");
        assert_eq!(body["status_code"], status, "{what}: {body}");
        assert_eq!(body["request_id"], REQUEST_ID, "{what}: {body}");
        body
    }

    /// Asserts 422 and returns the names of the invalid fields.
    #[track_caller]
    pub fn invalid_fields(self) -> Vec<String> {
        let body = self.refused(422, "VALIDATION_ERROR");
        let fields = body["fields"].as_array().unwrap_or_else(|| panic!("no fields: {body}")).iter();
        let name =
            |one: &Value| one["field"].as_str().unwrap_or_else(|| panic!("no field: {body}")).to_owned();
        fields.map(name).collect()
    }

    /// Asserts 422 and that this field is invalid.
    #[track_caller]
    pub fn expect_invalid_field(self, field: &str) {
        let what = self.what.clone();
        let fields = self.invalid_fields();
        assert!(fields.iter().any(|named| named == field), "{what}: {field} is not in {fields:?}");
    }
}
