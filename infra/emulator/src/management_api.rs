//! `@connections`, the management API of a WebSocket API: post to a socket, get its properties, close it.

use axum::{
    Json, Router,
    extract::{Path, Request, State},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::post,
};
use bytes::Bytes;
use http::StatusCode;
use jiff::Timestamp;
use serde_json::json;

use crate::{
    TimeSource, aws_response,
    connections::{ConnectionRegistry, OutboundFrame},
    iam::{self, IamGuard},
};

/// 128 KB (API Gateway quotas, WebSocket message payload).
const MAX_PAYLOAD: usize = 128 * 1024;

#[derive(Clone)]
struct ManagementState {
    connections: ConnectionRegistry,
    now: TimeSource,
}

pub(crate) fn router(connections: ConnectionRegistry, now: TimeSource, guard: IamGuard) -> Router {
    // Ids arrive percent-encoded, because they end in `=` on AWS. The path extractor decodes them.
    Router::new()
        .route(
            "/sockets/@connections/{id}",
            post(post_to_connection).get(get_connection).delete(delete_connection),
        )
        .with_state(ManagementState { connections, now })
        .route_layer(middleware::from_fn_with_state(guard, authorize))
}

/// Checks `execute-api:ManageConnections`. The HTTP method is part of the resource.
async fn authorize(
    State(guard): State<IamGuard>,
    Path(id): Path<String>,
    request: Request,
    next: Next,
) -> Response {
    let resource = format!("{}/{}/@connections/{id}", guard.socket_api(), request.method());
    let permitted = guard.caller(request.headers()).and_then(|caller| {
        caller.authorize(&iam::AccessRequest {
            action: "execute-api:ManageConnections",
            resource: &iam::arn("execute-api", resource),
            context: None,
        })
    });
    match permitted {
        Ok(()) => next.run(request).await,
        Err(refusal) => aws_response::rest_refusal_response(&refusal),
    }
}

async fn post_to_connection(
    State(it): State<ManagementState>,
    Path(id): Path<String>,
    body: Bytes,
) -> Response {
    if body.len() > MAX_PAYLOAD {
        let status = StatusCode::PAYLOAD_TOO_LARGE;
        return aws_response::rest_error(status, "PayloadTooLargeException", "Message too long");
    }
    // A WebSocket API sends text frames only, and these are UTF-8.
    let Ok(text) = String::from_utf8(body.into()) else {
        return aws_response::rest_error(
            StatusCode::BAD_REQUEST,
            "BadRequestException",
            "Payload is not UTF-8",
        );
    };
    if it.connections.post(&id, text, (it.now)()) { StatusCode::OK.into_response() } else { gone_response() }
}

async fn get_connection(State(it): State<ManagementState>, Path(id): Path<String>) -> Response {
    let Some(info) = it.connections.info(&id) else { return gone_response() };
    let iso = |ms: i64| Timestamp::from_millisecond(ms).unwrap_or_default().to_string();
    let answer = json!({
        "connectedAt": iso(info.connected_at_ms),
        "lastActiveAt": iso(info.last_active_ms),
        "identity": { "sourceIp": info.source_ip, "userAgent": info.user_agent },
    });
    Json(answer).into_response()
}

async fn delete_connection(State(it): State<ManagementState>, Path(id): Path<String>) -> Response {
    let close = OutboundFrame::Close { code: 1000, reason: "Connection Closed Normally".to_owned() };
    if it.connections.close(&id, close) { StatusCode::NO_CONTENT.into_response() } else { gone_response() }
}

fn gone_response() -> Response {
    aws_response::rest_error(StatusCode::GONE, "GoneException", "Connection is gone")
}
