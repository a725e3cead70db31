//! What stands before the table: permissions, and under chaos what throttles. The engine's server offers no place for
//! either. What passes is done here, or handed on to that server.

mod asked;
mod direct;
mod keys;
mod throttle;

use std::{
    convert::Infallible,
    net::{SocketAddr, TcpListener},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use dynoxide::Database;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, client, server, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::{net::TcpStream, sync::Mutex};

use crate::{
    CallBarrier,
    chaos::Chaos,
    engine::DynamoDbEngine,
    iam::{self, AccessRefusal, IamCaller, IamGuard},
    server::ServerThread,
    wire,
};
use asked::DynamoDbCall;
pub(crate) use keys::PartitionKeys;
use throttle::ChaosThrottle;

pub(crate) struct DynamoDbProxy {
    url: String,
    state: Arc<ProxyState>,
    _server: ServerThread,
}

struct ProxyState {
    guard: IamGuard,
    keys: PartitionKeys,
    throttle: Option<ChaosThrottle>,
    /// How many of the next transactions conflict.
    conflicts_next: AtomicUsize,
    calls: CallBarrier,
    engine: Database,
    /// Of the engine's server.
    address: SocketAddr,
}

impl DynamoDbProxy {
    pub(crate) fn start(
        engine: &DynamoDbEngine,
        guard: IamGuard,
        keys: PartitionKeys,
        chaos: Option<&Chaos>,
        calls: CallBarrier,
    ) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let url = format!("http://{}", listener.local_addr()?);
        let (throttle, address) = (chaos.map(ChaosThrottle::new), engine.address());
        let conflicts_next = AtomicUsize::new(0);
        let engine = engine.database();
        let desk = Arc::new(ProxyState { guard, keys, throttle, conflicts_next, calls, engine, address });
        let state = Arc::clone(&desk);
        let server =
            ServerThread::start("gate", listener, move |listener| accept_connections(listener, desk))?;
        Ok(Self { url, state, _server: server })
    }

    pub(crate) fn conflict_next_transactions(&self, transactions: usize) {
        self.state.conflicts_next.store(transactions, Ordering::Relaxed);
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

async fn accept_connections(listener: tokio::net::TcpListener, desk: Arc<ProxyState>) {
    loop {
        // out of file descriptors, or the peer was gone already: the next may be fine
        let Ok((stream, _)) = listener.accept().await else {
            tokio::task::yield_now().await;
            continue;
        };
        let desk = Arc::clone(&desk);
        tokio::spawn(async move {
            if let Err(error) = serve_connection(stream, desk).await {
                tracing::debug!(%error, "a connection to the table ended early");
            }
        });
    }
}

async fn serve_connection(stream: TcpStream, desk: Arc<ProxyState>) -> anyhow::Result<()> {
    stream.set_nodelay(true)?;
    // never waited for: requests of one connection come one after the other
    let onward = Arc::new(EngineConnection::default());
    let service = service_fn(move |request| {
        let (desk, onward) = (Arc::clone(&desk), Arc::clone(&onward));
        async move {
            let answer = desk.calls.pass(desk.handle_request(request, &onward)).await;
            let answer = answer.unwrap_or_else(|| Ok(StatusCode::SERVICE_UNAVAILABLE.into_response()));
            let answer = answer.unwrap_or_else(|error| {
                tracing::error!(error = format!("{error:#}"), "the table does not answer");
                StatusCode::BAD_GATEWAY.into_response()
            });
            Ok::<_, Infallible>(answer)
        }
    });
    Ok(server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await?)
}

/// A connection's own to the engine's server, once it has needed one.
type EngineConnection = Mutex<Option<client::conn::http1::SendRequest<Full<Bytes>>>>;

/// What a `X-Amz-Target` begins with.
const TARGET_PREFIX: &str = "DynamoDB_20120810";

impl ProxyState {
    async fn handle_request(
        &self,
        request: Request<Incoming>,
        onward: &EngineConnection,
    ) -> anyhow::Result<Response> {
        let (parts, body) = request.into_parts();
        let body = body.collect().await?.to_bytes();
        let target = parts.headers.get("x-amz-target").and_then(|target| target.to_str().ok());
        // without one it is no call, which the engine says
        if let Some((api, operation)) = target.and_then(|target| target.split_once('.')) {
            if let Err(refusal) = self.authorize(&parts.headers, operation, &body) {
                return Ok(refusal_response(&refusal));
            }
            if operation == "TransactWriteItems"
                && self.takes_conflict()
                && let Some(refusal) = throttle::transaction_conflict(&body)
            {
                return Ok(refusal);
            }
            if let Some(refusal) = self.throttle.as_ref().and_then(|it| it.roll_refusal(operation, &body)) {
                return Ok(refusal);
            }
            if api == TARGET_PREFIX
                && let Some(answer) = direct::run_in_process(&self.engine, operation, &body)
            {
                return Ok(wire::aws_json_bytes(StatusCode::OK, answer));
            }
        }
        self.forward_to_engine(Request::from_parts(parts, Full::new(body)), onward).await
    }

    /// Is this transaction one of those that a test wants to conflict?
    fn takes_conflict(&self) -> bool {
        let left = &self.conflicts_next;
        left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
    }

    async fn forward_to_engine(
        &self,
        request: Request<Full<Bytes>>,
        onward: &EngineConnection,
    ) -> anyhow::Result<Response> {
        let mut onward = onward.lock().await;
        let sender = if let Some(sender) = onward.as_mut() {
            sender
        } else {
            let stream = TcpStream::connect(self.address).await?;
            stream.set_nodelay(true)?;
            let (sender, driver) = client::conn::http1::handshake(TokioIo::new(stream)).await?;
            tokio::spawn(driver);
            onward.insert(sender)
        };
        Ok(sender.send_request(request).await?.map(Body::new))
    }

    fn authorize(&self, headers: &HeaderMap, operation: &str, body: &[u8]) -> Result<(), AccessRefusal> {
        let caller = self.guard.caller(headers)?;
        if matches!(caller, IamCaller::Administrator) {
            return Ok(());
        }
        // what cannot be read names neither table nor key: whoever may not touch all of them may not send it
        let call: DynamoDbCall = serde_json::from_slice(body).unwrap_or_default();
        let Some(asked) = call.required_permissions(operation, &self.keys) else {
            let action = format!("dynamodb:{operation}");
            return caller.authorize(&iam::AccessRequest { action: &action, resource: "*", context: None });
        };
        for ((action, resource), keys) in asked {
            let context = keys.map(|keys| (iam::ContextKey::LeadingKeys, keys));
            caller.authorize(&iam::AccessRequest { action, resource: &resource, context })?;
        }
        Ok(())
    }
}

fn refusal_response(refusal: &AccessRefusal) -> Response {
    match refusal {
        AccessRefusal::Unsigned => {
            error_response("MissingAuthenticationTokenException", "Request is missing Authentication Token")
        }
        AccessRefusal::Unknown => error_response(
            "UnrecognizedClientException",
            "The security token included in the request is invalid.",
        ),
        AccessRefusal::Denied(text) => error_response("AccessDeniedException", text),
    }
}

fn error_response(kind: &str, message: &str) -> Response {
    let kind = format!("com.amazon.coral.service#{kind}");
    wire::aws_json(StatusCode::BAD_REQUEST, &json!({ "__type": kind, "Message": message }))
}
