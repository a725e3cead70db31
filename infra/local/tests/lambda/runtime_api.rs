//! The Runtime API of one function, as documented by Lambda.

use std::{
    collections::HashMap,
    future::pending,
    sync::{Arc, Mutex},
    time::Duration,
};

use http::StatusCode;
use serde_json::{Value, json};
use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};

use crate::server::{StubResponse, json_response, serve};

/// How long a function may take with its start. After it, the test fails.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(30);
/// Milliseconds since 1970, far in the future.
const DEADLINE_MILLIS: &str = "4102444800000";

pub(crate) struct RuntimeApi {
    /// `host:port` for `AWS_LAMBDA_RUNTIME_API`, as on Lambda.
    pub(crate) authority: String,
    events: mpsc::UnboundedSender<(String, Value)>,
    pending: PendingInvocations,
}

/// The senders that wait for a response or an error, by request id.
type PendingInvocations = Arc<Mutex<HashMap<String, oneshot::Sender<Result<Value, Value>>>>>;

impl RuntimeApi {
    pub(crate) async fn start(arn: &str) -> Self {
        let (events, next) = mpsc::unbounded_channel::<(String, Value)>();
        let next = Arc::new(tokio::sync::Mutex::new(next));
        let waiting = PendingInvocations::default();
        let held = Arc::clone(&waiting);
        let arn = arn.to_owned();
        let authority = serve(move |request, body| {
            let next = Arc::clone(&next);
            let waiting = Arc::clone(&held);
            let arn = arn.clone();
            async move {
                let path: Vec<&str> = request.uri.path().trim_start_matches('/').split('/').collect();
                match (request.method.as_str(), path.as_slice()) {
                    ("GET", ["2018-06-01", "runtime", "invocation", "next"]) => {
                        // there are no more events, and the function waits, as on Lambda
                        let Some((id, event)) = next.lock().await.recv().await else {
                            return pending().await;
                        };
                        with_context(json_response(StatusCode::OK, &event), &id, &arn)
                    }
                    ("POST", ["2018-06-01", "runtime", "invocation", id, outcome]) => {
                        let outcome = if *outcome == "response" { Ok(body) } else { Err(body) };
                        let waits = waiting.lock().unwrap().remove(*id);
                        if let Some(waits) = waits {
                            // the caller may have timed out
                            let _ = waits.send(outcome);
                        }
                        json_response(StatusCode::ACCEPTED, &json!({ "status": "OK" }))
                    }
                    _ => panic!("the Runtime API does not serve {} {}", request.method, request.uri),
                }
            }
        })
        .await;
        Self { authority, events, pending: waiting }
    }

    /// Sends an event to the function. Returns its response, or the error that it reports.
    pub(crate) async fn invoke(&self, event: Value) -> Result<Value, Value> {
        let id = uuid::Uuid::from_u128(rand::random()).to_string();
        let (answers, waits) = oneshot::channel();
        self.pending.lock().unwrap().insert(id.clone(), answers);
        self.events.send((id, event)).unwrap();
        timeout(RESPONSE_TIMEOUT, waits).await.expect("the function must respond in time").unwrap()
    }
}

fn with_context(mut answer: StubResponse, id: &str, arn: &str) -> StubResponse {
    let headers = [
        ("lambda-runtime-aws-request-id", id),
        ("lambda-runtime-deadline-ms", DEADLINE_MILLIS),
        ("lambda-runtime-invoked-function-arn", arn),
        ("lambda-runtime-trace-id", "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0"),
        ("content-type", "application/json"),
    ];
    for (name, value) in headers {
        answer.headers_mut().insert(name, value.parse().unwrap());
    }
    answer
}
