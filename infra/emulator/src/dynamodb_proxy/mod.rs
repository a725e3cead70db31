//! The proxy in front of the engine. It checks permissions and throttles under chaos, because the engine's server has
//! no hook for either. The proxy then runs the request in the engine or forwards it to the engine's server.

mod chaos_throttle;
mod in_process;
mod partition_keys;
mod required_permissions;

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
    AcceptFailures, CallBarrier, aws_response, call_barrier,
    chaos::Chaos,
    dynamodb_engine::DynamoDbEngine,
    iam::{self, AccessRefusal, IamCaller, IamGuard},
    server_thread::ServerThread,
};
use chaos_throttle::ChaosThrottle;
pub(crate) use partition_keys::PartitionKeys;
use required_permissions::DynamoDbCall;

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
    /// The address of the engine's server.
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
        let throttle = chaos.map(ChaosThrottle::new);
        let address = engine.address();
        let conflicts_next = AtomicUsize::new(0);
        let engine = engine.database();
        let state = Arc::new(ProxyState { guard, keys, throttle, conflicts_next, calls, engine, address });
        let accepting = Arc::clone(&state);
        let server = ServerThread::start("dynamodb-proxy", listener, move |listener| {
            accept_connections(listener, accepting)
        })?;
        Ok(Self { url, state, _server: server })
    }

    /// Lets the next transactions conflict.
    pub(crate) fn conflict_next_transactions(&self, transactions: usize) {
        self.state.conflicts_next.store(transactions, Ordering::Relaxed);
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

async fn accept_connections(listener: tokio::net::TcpListener, state: Arc<ProxyState>) {
    let mut failures = AcceptFailures::default();
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                failures.pause_after(error).await;
                continue;
            }
        };
        failures.end();
        let state = Arc::clone(&state);
        tokio::spawn(async move {
            if let Err(error) = serve_connection(stream, state).await {
                tracing::debug!(%error, "a DynamoDB connection ended early");
            }
        });
    }
}

async fn serve_connection(stream: TcpStream, state: Arc<ProxyState>) -> anyhow::Result<()> {
    stream.set_nodelay(true)?;
    // the lock is never contended, because the requests of a connection are sequential
    let engine_connection = Arc::new(EngineConnection::default());
    let service = service_fn(move |request| {
        let state = Arc::clone(&state);
        let engine_connection = Arc::clone(&engine_connection);
        async move {
            let invocation = call_barrier::invocation_id(request.headers());
            let call = async {
                state.handle_request(request, &engine_connection).await.unwrap_or_else(|error| {
                    tracing::error!(error = format!("{error:#}"), "the DynamoDB engine does not respond");
                    StatusCode::BAD_GATEWAY.into_response()
                })
            };
            Ok::<_, Infallible>(state.calls.pass(invocation, call).await)
        }
    });
    Ok(server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await?)
}

/// The connection to the engine's server that belongs to a client's connection. It is opened on first use.
type EngineConnection = Mutex<Option<client::conn::http1::SendRequest<Full<Bytes>>>>;

/// The prefix of `X-Amz-Target`.
const TARGET_PREFIX: &str = "DynamoDB_20120810";

impl ProxyState {
    async fn handle_request(
        &self,
        request: Request<Incoming>,
        engine_connection: &EngineConnection,
    ) -> anyhow::Result<Response> {
        let (parts, body) = request.into_parts();
        let body = body.collect().await?.to_bytes();
        let target = parts.headers.get("x-amz-target").and_then(|target| target.to_str().ok());
        // a request without a target is no call, and the engine reports that
        if let Some((api, operation)) = target.and_then(|target| target.split_once('.')) {
            if let Err(refusal) = self.authorize(&parts.headers, operation, &body) {
                return Ok(refusal_response(&refusal));
            }
            if operation == "TransactWriteItems"
                && self.takes_conflict()
                && let Some(refusal) = chaos_throttle::transaction_conflict(&body)
            {
                return Ok(refusal);
            }
            if let Some(refusal) =
                self.throttle.as_ref().and_then(|throttle| throttle.roll_refusal(operation, &body))
            {
                return Ok(refusal);
            }
            if api == TARGET_PREFIX
                && let Some(body) = in_process::run_in_process(&self.engine, operation, &body)
            {
                return Ok(aws_response::aws_json_bytes(StatusCode::OK, body));
            }
        }
        self.forward_to_engine(Request::from_parts(parts, Full::new(body)), engine_connection).await
    }

    /// Is this transaction one of those that a test wants to conflict?
    fn takes_conflict(&self) -> bool {
        let left = &self.conflicts_next;
        left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
    }

    async fn forward_to_engine(
        &self,
        request: Request<Full<Bytes>>,
        engine_connection: &EngineConnection,
    ) -> anyhow::Result<Response> {
        let mut engine_connection = engine_connection.lock().await;
        let sender = if let Some(sender) = engine_connection.as_mut() {
            sender
        } else {
            let stream = TcpStream::connect(self.address).await?;
            stream.set_nodelay(true)?;
            let (sender, driver) = client::conn::http1::handshake(TokioIo::new(stream)).await?;
            tokio::spawn(driver);
            engine_connection.insert(sender)
        };
        Ok(sender.send_request(request).await?.map(Body::new))
    }

    fn authorize(&self, headers: &HeaderMap, operation: &str, body: &[u8]) -> Result<(), AccessRefusal> {
        let caller = self.guard.caller(headers)?;
        if matches!(caller, IamCaller::Administrator) {
            return Ok(());
        }
        // An unreadable body names neither table nor key. Only a caller that may use all of them may send it.
        let call: DynamoDbCall = serde_json::from_slice(body).unwrap_or_default();
        let Some(required) = call.required_permissions(operation, &self.keys) else {
            let action = format!("dynamodb:{operation}");
            return caller.authorize(&iam::AccessRequest { action: &action, resource: "*", context: None });
        };
        for ((action, resource), keys) in required {
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
    aws_response::aws_json(StatusCode::BAD_REQUEST, &json!({ "__type": kind, "Message": message }))
}
