//! The WebSocket API: the handshake that waits for `$connect`, and the sockets that are open.

mod socket_event;
mod socket_path;
mod socket_task;

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use emulator::{Chaos, ChaosDice, ConnectionInfo, OutboundFrame};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use serde::Serialize;
use serde_json::Value;
use socket_event::SocketConnection;
use socket_path::SocketPath;
use socket_task::SocketTask;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::{
    gateway::ApiGateway,
    http::{
        answer::{GatewayResponse, json_response},
        source_ip,
    },
    ids,
    template::SocketApi,
};

/// API Gateway's quotas for WebSocket APIs.
const IDLE_TIMEOUT: Duration = Duration::from_mins(10);
const MAX_CONNECTION_LIFETIME: Duration = Duration::from_hours(2);

/// The API and its open sockets.
pub(crate) struct SocketGateway {
    api: SocketApi,
    chaos: Option<SocketChaos>,
    open: Mutex<HashMap<String, Arc<SocketActivity>>>,
}

struct SocketChaos {
    chaos: Chaos,
    cut: ChaosDice,
    drop_disconnect: ChaosDice,
    frames: ChaosDice,
}

/// What becomes of a frame to a client that does not simply arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FrameFault {
    Lost,
    Duplicated,
    /// Behind the next one; where none follows, it is lost.
    Delayed,
}

/// How old a socket is, when it last spoke, and how to reach it.
struct SocketActivity {
    source_ip: IpAddr,
    connected_at_ms: i64,
    last_active_ms: AtomicI64,
    tx: mpsc::UnboundedSender<OutboundFrame>,
}

/// An open socket, for `/_local`.
#[derive(Debug, Serialize)]
pub(crate) struct OpenSocket {
    connection_id: String,
    source_ip: IpAddr,
    connected_at_ms: i64,
    last_active_ms: i64,
}

impl OpenSocket {
    /// Id, address, age and silence in seconds.
    pub(crate) fn row(&self, now_ms: i64) -> (&str, IpAddr, i64, i64) {
        let seconds = |since_ms: i64| (now_ms - since_ms) / 1_000;
        (&self.connection_id, self.source_ip, seconds(self.connected_at_ms), seconds(self.last_active_ms))
    }
}

impl SocketGateway {
    pub(crate) fn new(api: SocketApi, chaos: Option<&Chaos>) -> Self {
        let mischief = chaos.map(|chaos| SocketChaos {
            chaos: chaos.clone(),
            cut: chaos.dice("cut"),
            drop_disconnect: chaos.dice("drop_disconnect"),
            frames: chaos.dice("frames"),
        });
        Self { api, chaos: mischief, open: Mutex::default() }
    }

    fn open(&self) -> MutexGuard<'_, HashMap<String, Arc<SocketActivity>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn roll_cut(&self) -> bool {
        self.chaos.as_ref().is_some_and(|mischief| mischief.cut.hit(mischief.chaos.cut_socket))
    }

    fn roll_frame_fault(&self) -> Option<FrameFault> {
        let SocketChaos { chaos, frames, .. } = self.chaos.as_ref()?;
        frames
            .hit(chaos.frame_faults)
            .then(|| frames.pick([FrameFault::Lost, FrameFault::Duplicated, FrameFault::Delayed]))
    }

    fn roll_dropped_disconnect(&self) -> bool {
        self.chaos
            .as_ref()
            .is_some_and(|mischief| mischief.drop_disconnect.hit(mischief.chaos.drop_disconnect))
    }

    pub(crate) fn open_sockets(&self) -> Vec<OpenSocket> {
        let mut list: Vec<OpenSocket> = self
            .open()
            .iter()
            .map(|(id, pulse)| OpenSocket {
                connection_id: id.clone(),
                source_ip: pulse.source_ip,
                connected_at_ms: pulse.connected_at_ms,
                last_active_ms: pulse.last_active_ms.load(Ordering::Relaxed),
            })
            .collect();
        list.sort_by_key(|socket| socket.connected_at_ms);
        list
    }

    pub(crate) fn count(&self) -> usize {
        self.open().len()
    }

    /// Closes what has been silent or alive for too long by the given time.
    pub(crate) fn close_expired(&self, now_ms: i64) {
        let limit = |limit: Duration| i64::try_from(limit.as_millis()).unwrap_or(i64::MAX);
        for pulse in self.open().values() {
            let reason = if now_ms - pulse.connected_at_ms >= limit(MAX_CONNECTION_LIFETIME) {
                "Connection duration limit"
            } else if now_ms - pulse.last_active_ms.load(Ordering::Relaxed) >= limit(IDLE_TIMEOUT) {
                "Idle connection timeout"
            } else {
                continue;
            };
            let _ = pulse.tx.send(OutboundFrame::Close { code: 1001, reason: reason.into() });
        }
    }

    pub(crate) fn close_all(&self) {
        for pulse in self.open().values() {
            let _ = pulse.tx.send(OutboundFrame::Close { code: 1001, reason: "Going away".into() });
        }
    }
}

/// Whether a request asks for the socket.
pub(crate) fn socket_request(gateway: &ApiGateway, request: &Request<Incoming>) -> Option<SocketPath> {
    let upgrade = request.headers().get(header::UPGRADE)?;
    if request.method() != Method::GET || !upgrade.as_bytes().eq_ignore_ascii_case(b"websocket") {
        return None;
    }
    socket_path::socket_path(request.uri().path(), &gateway.sockets.as_ref()?.api.stage)
}

pub(crate) async fn handshake(
    gateway: Arc<ApiGateway>,
    request: Request<Incoming>,
    peer: IpAddr,
    path: SocketPath,
) -> GatewayResponse {
    // a task of its own: a client that hangs up now has a connection row already, which `$disconnect` must remove
    let task = tokio::spawn(connect(gateway, request, peer, path));
    task.await.unwrap_or_else(|_| refusal_response(StatusCode::INTERNAL_SERVER_ERROR, ""))
}

async fn connect(
    gateway: Arc<ApiGateway>,
    mut request: Request<Incoming>,
    peer: IpAddr,
    path: SocketPath,
) -> GatewayResponse {
    let upgrade = hyper::upgrade::on(&mut request);
    let (parts, _) = request.into_parts();
    let key = parts.headers.get(header::SEC_WEBSOCKET_KEY);
    let version = parts.headers.get(header::SEC_WEBSOCKET_VERSION);
    let (Some(key), Some(sockets)) = (key, &gateway.sockets) else {
        return refusal_response(StatusCode::BAD_REQUEST, "");
    };
    if version.is_none_or(|version| version != "13") {
        return refusal_response(StatusCode::BAD_REQUEST, "");
    }

    let source_ip = source_ip(&parts, peer);
    let now = gateway.clock.now();
    let port = gateway.authority.rsplit_once(':').map_or("80", |(_, port)| port);
    let user_agent =
        parts.headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    let connection = SocketConnection {
        id: ids::api_gateway_id(),
        connected_at: now,
        source_ip,
        user_agent: user_agent.to_owned(),
        headers: socket_event::handshake_headers(&parts.headers, source_ip, port),
        query: socket_event::query_parameters(parts.uri.query().unwrap_or_default(), path.session),
        stage: sockets.api.stage.clone(),
        domain: gateway.authority.clone(),
    };

    let (tx, rx) = mpsc::unbounded_channel();
    let info = ConnectionInfo {
        connected_at_ms: now.as_millisecond(),
        last_active_ms: now.as_millisecond(),
        source_ip: source_ip.to_string(),
        user_agent: user_agent.to_owned(),
    };
    let connections = gateway.emulator.connections();
    connections.register(&connection.id, info, tx.clone());

    let returned = match sockets.api.routes.get("$connect") {
        Some(function) => gateway.runner.invoke(function, connection.connect_event(now)).await.ok(),
        None => Some(serde_json::json!({"statusCode": 200})),
    };
    let status = returned.as_ref().and_then(handshake_status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if !status.is_success() {
        connections.remove(&connection.id);
        return refusal_response(status, &connection.id);
    }

    let mut response = Response::new(http_body_util::Full::default());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    if let Ok(accept) = HeaderValue::try_from(derive_accept_key(key.as_bytes())) {
        headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    }
    choose_protocol(returned.as_ref(), headers);

    let pulse = Arc::new(SocketActivity {
        source_ip,
        connected_at_ms: now.as_millisecond(),
        last_active_ms: AtomicI64::new(now.as_millisecond()),
        tx,
    });
    sockets.open().insert(connection.id.clone(), Arc::clone(&pulse));
    connections.open(&connection.id);
    let socket = SocketTask::new(Arc::clone(&gateway), connection, pulse, rx);
    tokio::spawn(socket.run(upgrade));
    response
}

fn handshake_status(returned: &Value) -> Option<StatusCode> {
    let status = &returned["statusCode"];
    let status = status.as_u64().or_else(|| status.as_str()?.parse().ok())?;
    StatusCode::from_u16(u16::try_from(status).ok()?).ok()
}

/// A browser that asked for subprotocols closes the socket unless `$connect` chose one.
fn choose_protocol(returned: Option<&Value>, headers: &mut HeaderMap) {
    let chosen = returned.and_then(|returned| returned["headers"].as_object()).into_iter().flatten();
    for (name, value) in chosen {
        if name.eq_ignore_ascii_case("sec-websocket-protocol")
            && let Some(Ok(value)) = value.as_str().map(HeaderValue::try_from)
        {
            headers.insert(header::SEC_WEBSOCKET_PROTOCOL, value);
        }
    }
}

fn refusal_response(status: StatusCode, connection_id: &str) -> GatewayResponse {
    // a Lambda's 3xx is no answer to a handshake
    let status =
        if status.is_client_error() || status.is_server_error() { status } else { StatusCode::BAD_GATEWAY };
    let message = status.canonical_reason().unwrap_or("Refused");
    json_response(
        status,
        &serde_json::json!({"message": message, "connectionId": connection_id, "requestId": ids::api_gateway_id()}),
    )
}
