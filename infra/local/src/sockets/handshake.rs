//! The handshake, which waits for `$connect`.

use std::{
    net::IpAddr,
    sync::{Arc, atomic::AtomicI64},
};

use emulator::ConnectionInfo;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::{
    socket_event::{self, SocketConnection},
    socket_gateway::{SocketActivity, SocketGateway},
    socket_path::SocketPath,
    socket_task::SocketTask,
};
use crate::{
    http::{
        response::{GatewayResponse, json_response},
        source::source_ip,
    },
    ids,
};

pub(crate) async fn handshake(
    sockets: Arc<SocketGateway>,
    request: Request<Incoming>,
    peer: IpAddr,
    path: SocketPath,
) -> GatewayResponse {
    // The handshake runs in its own task. If the client hangs up now, a connection row exists already, and
    // `$disconnect` must delete it.
    let task = tokio::spawn(connect(sockets, request, peer, path));
    task.await.unwrap_or_else(|_| refusal_response(StatusCode::INTERNAL_SERVER_ERROR, ""))
}

async fn connect(
    sockets: Arc<SocketGateway>,
    mut request: Request<Incoming>,
    peer: IpAddr,
    path: SocketPath,
) -> GatewayResponse {
    let upgrade = hyper::upgrade::on(&mut request);
    let (parts, _) = request.into_parts();
    let key = parts.headers.get(header::SEC_WEBSOCKET_KEY);
    let version = parts.headers.get(header::SEC_WEBSOCKET_VERSION);
    let Some(key) = key else { return refusal_response(StatusCode::BAD_REQUEST, "") };
    if version.is_none_or(|version| version != "13") {
        return refusal_response(StatusCode::BAD_REQUEST, "");
    }

    let context = &sockets.context;
    let source_ip = source_ip(&parts, peer);
    let now = context.clock.now();
    let port = context.authority.rsplit_once(':').map_or("80", |(_, port)| port);
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
        domain: context.authority.clone(),
    };

    let (tx, rx) = mpsc::unbounded_channel();
    let info = ConnectionInfo {
        connected_at_ms: now.as_millisecond(),
        last_active_ms: now.as_millisecond(),
        source_ip: source_ip.to_string(),
        user_agent: user_agent.to_owned(),
    };
    let connections = context.emulator.connections();
    connections.register(&connection.id, info, tx.clone());

    let returned = match sockets.api.routes.get("$connect") {
        Some(function) => context.runner.invoke(function, connection.connect_event(now)).await.ok(),
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

    let activity = Arc::new(SocketActivity {
        source_ip,
        connected_at_ms: now.as_millisecond(),
        last_active_ms: AtomicI64::new(now.as_millisecond()),
        tx,
    });
    sockets.open().insert(connection.id.clone(), Arc::clone(&activity));
    connections.open(&connection.id);
    let task = SocketTask::new(Arc::clone(&sockets), connection, activity, rx);
    tokio::spawn(task.run(upgrade));
    response
}

fn handshake_status(returned: &Value) -> Option<StatusCode> {
    let status = &returned["statusCode"];
    let status = status.as_u64().or_else(|| status.as_str()?.parse().ok())?;
    StatusCode::from_u16(u16::try_from(status).ok()?).ok()
}

/// Adds the subprotocol that `$connect` chose. A browser that requested subprotocols closes the socket if none is
/// chosen.
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
    // a 3xx of a function is no response to a handshake
    let status =
        if status.is_client_error() || status.is_server_error() { status } else { StatusCode::BAD_GATEWAY };
    let message = status.canonical_reason().unwrap_or("Refused");
    json_response(
        status,
        &serde_json::json!({"message": message, "connectionId": connection_id, "requestId": ids::api_gateway_id()}),
    )
}
