//! Chaos in front of the table: refuses a share of the requests as DynamoDB would, before the engine sees them, so that
//! a retry is safe.

use std::net::TcpListener;

use axum::{
    Router,
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode, Uri, request::Parts};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::{Value, json};

use crate::{
    chaos::{Chaos, Dice},
    server::Server,
    wire,
};

pub(crate) struct Throttle {
    url: String,
    _server: Server,
}

#[derive(Clone)]
struct Proxy {
    client: Client<HttpConnector, Body>,
    engine: Uri,
    rate: f64,
    throttle: Dice,
    kind: Dice,
    conflict: Dice,
}

impl Throttle {
    pub(crate) fn start(engine: &str, chaos: &Chaos) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let url = format!("http://{}", listener.local_addr()?);
        let [throttle, kind, conflict] =
            ["table.throttle", "table.kind", "table.conflict"].map(|what| chaos.dice(what));
        let (engine, rate) = (engine.parse()?, chaos.throttle);
        let server = Server::start("throttle", listener, move |listener| async move {
            let mut connector = HttpConnector::new();
            connector.set_nodelay(true);
            let client = Client::builder(TokioExecutor::new()).build(connector);
            let proxy = Proxy { client, engine, rate, throttle, kind, conflict };
            let limit = axum::extract::DefaultBodyLimit::disable();
            let app = Router::new().fallback(pass).layer(limit).with_state(proxy);
            if let Err(error) = axum::serve(wire::prompt(listener), app).await {
                tracing::error!(%error, "the table's proxy ended");
            }
        })?;
        Ok(Self { url, _server: server })
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

async fn pass(State(proxy): State<Proxy>, parts: Parts, body: Bytes) -> Response {
    if let Some(refusal) = proxy.refusal(&parts.headers, &body) {
        return refusal;
    }
    let mut request = Request::from_parts(parts, Body::from(body));
    *request.uri_mut() = proxy.engine.clone();
    match proxy.client.request(request).await {
        Ok(response) => response.map(Body::new),
        Err(error) => {
            tracing::error!(%error, "the table does not answer");
            StatusCode::BAD_GATEWAY.into_response()
        }
    }
}

impl Proxy {
    fn refusal(&self, headers: &HeaderMap, body: &[u8]) -> Option<Response> {
        let target = headers.get("x-amz-target")?.to_str().ok()?;
        let operation = target.strip_prefix("DynamoDB_20120810.")?;
        if operation == "TransactWriteItems" && self.conflict.hit(self.rate) {
            return conflict(body);
        }
        if !self.throttle.hit(self.rate) {
            return None;
        }
        Some(if self.kind.hit(0.5) {
            refuse(&json!({
                "__type": "com.amazon.coral.availability#ThrottlingException",
                "message": "Rate of requests exceeds the allowed throughput.",
            }))
        } else {
            refuse(&json!({
                "__type": "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException",
                "message": "The level of configured provisioned throughput for the table was exceeded. Consider \
                            increasing your provisioning level with the UpdateTable API.",
            }))
        })
    }
}

/// As if another transaction held the first item; `None` if this is no transaction, which is the engine's to say.
fn conflict(body: &[u8]) -> Option<Response> {
    let request: Value = serde_json::from_slice(body).ok()?;
    let items = request["TransactItems"].as_array().filter(|items| !items.is_empty())?.len();
    let mut codes = vec!["None"; items];
    codes[0] = "TransactionConflict";
    let reasons: Vec<_> = codes
        .iter()
        .map(|code| match *code {
            "None" => json!({ "Code": code }),
            _ => json!({ "Code": code, "Message": "Transaction is ongoing for the item" }),
        })
        .collect();
    let summary = codes.join(", ");
    Some(refuse(&json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "Message": format!(
            "Transaction cancelled, please refer cancellation reasons for specific reasons [{summary}]"
        ),
        "CancellationReasons": reasons,
    })))
}

fn refuse(body: &Value) -> Response {
    wire::aws_json(StatusCode::BAD_REQUEST, body)
}
