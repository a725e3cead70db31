//! A local cloud whose functions record their events and do what the events request.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use lambda_runtime::Error;
use local::{
    LocalCloud, LocalOptions,
    functions::{FunctionHandler, FunctionRegistry},
};
use serde_json::{Value, json};
use tokio::time::Instant;

/// A local cloud, and the events that its functions received.
pub(crate) struct TestStack {
    pub(crate) local: LocalCloud,
    pub(crate) seen: SeenEvents,
}

#[derive(Clone, Default)]
pub(crate) struct SeenEvents(Arc<Mutex<Vec<Value>>>);

impl SeenEvents {
    fn push(&self, event: Value) {
        self.0.lock().unwrap().push(event);
    }

    pub(crate) fn all(&self) -> Vec<Value> {
        self.0.lock().unwrap().clone()
    }

    /// Waits for an event that matches.
    pub(crate) async fn wait_for(&self, fits: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            if let Some(event) = self.all().into_iter().find(|event| fits(event)) {
                return event;
            }
            assert!(Instant::now() < deadline, "no matching event among {:#?}", self.all());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    pub(crate) async fn socket(&self, kind: &str) -> Value {
        self.wait_for(|event| event["requestContext"]["eventType"] == kind).await
    }
}

pub(crate) fn options(seen: &SeenEvents) -> LocalOptions {
    let template = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/gateway/template.yaml");
    let function = |name: &'static str| {
        let seen = seen.clone();
        move |environment: entry::Environment| {
            let seen = seen.clone();
            async move {
                let setting = |name| environment.required(name).map(str::to_owned);
                let endpoint = setting("SOCKET_ENDPOINT")?;
                let key = setting("AWS_ACCESS_KEY_ID")?;
                let posts = PostClient { client: client(), endpoint, key };
                let handler: FunctionHandler = Arc::new(move |event, _context| {
                    seen.push(event.clone());
                    let posts = posts.clone();
                    Box::pin(async move {
                        match name {
                            "web" => handle_http(&event).await,
                            "socket" => handle_socket(&event, &posts).await,
                            _ => handle_batch(&event).await,
                        }
                    })
                });
                Ok(handler)
            }
        }
    };
    LocalOptions {
        template: Some(template),
        functions: FunctionRegistry::empty()
            .with("web", function("web"))
            .with("socket", function("socket"))
            .with("worker", function("worker")),
        retry_after: Some(Duration::from_millis(50)),
        ..LocalOptions::default()
    }
}

impl TestStack {
    pub(crate) async fn start() -> Self {
        Self::with_options(|_| ()).await
    }

    pub(crate) fn options() -> LocalOptions {
        options(&SeenEvents::default())
    }

    pub(crate) async fn with_options(change: impl FnOnce(&mut LocalOptions)) -> Self {
        let seen = SeenEvents::default();
        let mut options = options(&seen);
        change(&mut options);
        Self { local: LocalCloud::start(options).await.unwrap(), seen }
    }
}

/// Responds as the path requests.
async fn handle_http(event: &Value) -> Result<Value, Error> {
    match event["pathParameters"]["proxy"].as_str().unwrap_or_default() {
        "throw" => Err("secret detail".into()),
        "panic" => panic!("secret detail"),
        "slow" => {
            tokio::time::sleep(Duration::from_secs(30)).await;
            Ok(Value::Null)
        }
        "huge" => Ok(json!({"statusCode": 200, "body": "x".repeat(7 * 1024 * 1024)})),
        "cookies" => Ok(
            json!({"statusCode": 200, "cookies": ["a=1", "b=2"], "headers": {"x-colloquy-cost": "rru=1;wru=2"}}),
        ),
        _ => Ok(
            json!({"statusCode": 200, "headers": {"content-type": "application/json"}, "body": event.to_string()}),
        ),
    }
}

/// A client of the socket's management API.
#[derive(Clone)]
struct PostClient {
    client: reqwest::Client,
    endpoint: String,
    /// The access key of the function that posts.
    key: String,
}

impl PostClient {
    async fn post(&self, connection: &str, text: &str) -> Result<u16, Error> {
        let url = format!("{}/@connections/{}", self.endpoint, connection.replace('=', "%3D"));
        let signed =
            format!("AWS4-HMAC-SHA256 Credential={}/20261121/us-east-1/execute-api/aws4_request", self.key);
        let post = self.client.post(url).header("authorization", signed).body(text.to_owned());
        Ok(post.send().await?.status().as_u16())
    }
}

/// Refuses with STATUS if the query has `refuse=STATUS`, and posts inside `$connect` if it has `post_early`. A message
/// `echo` is posted back, and `crash` throws.
async fn handle_socket(event: &Value, posts: &PostClient) -> Result<Value, Error> {
    let context = &event["requestContext"];
    let id = context["connectionId"].as_str().unwrap_or_default();
    let query = &event["queryStringParameters"];
    if let Some(status) = query["refuse"].as_str() {
        return if status == "throw" {
            Err("no".into())
        } else {
            Ok(json!({"statusCode": status.parse::<u16>()?}))
        };
    }
    if query["post_early"] == "yes" {
        let status = posts.post(id, "early").await?;
        return Ok(json!({"statusCode": if status == 410 { 200 } else { 500 }}));
    }
    let body: Value =
        event["body"].as_str().and_then(|body| serde_json::from_str(body).ok()).unwrap_or_default();
    match body["type"].as_str() {
        Some("echo") => {
            if let Some(wait) = body["wait_ms"].as_u64() {
                tokio::time::sleep(Duration::from_millis(wait)).await;
            }
            if posts.post(id, body["text"].as_str().unwrap_or_default()).await? == 403 {
                return Err("secret detail".into());
            }
        }
        Some("crash") => return Err("secret detail".into()),
        _ => {}
    }
    let protocol =
        event["headers"]["sec-websocket-protocol"].as_str().map(|all| all.split(',').next().unwrap_or(all));
    let headers = protocol.map_or_else(|| json!({}), |protocol| json!({"Sec-WebSocket-Protocol": protocol}));
    Ok(json!({"statusCode": 200, "headers": headers, "body": "dropped"}))
}

/// Fails the messages with the body `fail`.
async fn handle_batch(event: &Value) -> Result<Value, Error> {
    let records = event["Records"].as_array().cloned().unwrap_or_default();
    if records.iter().any(|record| record["body"] == "throw") {
        return Err("thrown".into());
    }
    let failed = records.iter().filter(|record| record["body"] == "fail");
    let failed: Vec<Value> = failed.map(|record| json!({"itemIdentifier": record["messageId"]})).collect();
    tokio::time::sleep(Duration::from_millis(20)).await;
    Ok(json!({ "batchItemFailures": failed }))
}

pub(crate) fn client() -> reqwest::Client {
    reqwest::Client::builder().build().unwrap()
}
