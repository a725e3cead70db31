//! The HTTP API: receives requests as API Gateway does, and calls their functions.

pub(crate) mod http_event;
pub(crate) mod query_string;
pub(crate) mod raw_path;
pub(crate) mod response;
pub(crate) mod routes;
pub(crate) mod source;

use std::{
    net::IpAddr,
    time::{Duration, Instant},
};

use bytes::{Bytes, BytesMut};
use http::{HeaderValue, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Incoming};
use response::{GatewayResponse, MAX_LAMBDA_PAYLOAD_BYTES, message_response, response_from_lambda};

use routes::RouteTable;
use source::source_ip;

use crate::{gateway::context::GatewayContext, ids, traffic_record};

/// The header in which a function reports the capacity units of a request (ARCHITECTURE 7).
const COST_HEADER: &str = "x-colloquy-cost";
/// The limit of HTTP APIs on a request's payload, in bytes.
const MAX_PAYLOAD_BYTES: usize = 10 * 1024 * 1024;
/// How many bytes of a too large body are still read, so that its sender can read the error.
const MAX_DRAINED_BYTES: usize = 64 * 1024 * 1024;
/// The limit of HTTP APIs on the duration of an integration.
const INTEGRATION_TIMEOUT: Duration = Duration::from_secs(30);

pub(crate) async fn handle_request(
    context: &GatewayContext,
    routes: &RouteTable,
    request: Request<Incoming>,
    peer: IpAddr,
) -> GatewayResponse {
    let began = Instant::now();
    let at = context.clock.now();
    let request_id = ids::api_gateway_id();
    let (parts, body) = request.into_parts();
    let source_ip = source_ip(&parts, peer);
    let raw_path = raw_path::decode_raw_path(parts.uri.path());
    let path = raw_path.as_deref().unwrap_or_else(|| parts.uri.path());

    let route = raw_path.as_deref().and_then(|path| routes.select_route(parts.method.as_str(), path));
    let (mut answer, route) = match route {
        Some(route) => {
            let received = http_event::RequestContext {
                request_id: &request_id,
                source_ip,
                at,
                authority: &context.authority,
                path,
            };
            let answer = match read_body(body).await {
                Ok(body) => {
                    invoke_function(
                        context,
                        http_event::http_event(&parts, &body, &route, &received),
                        route.function,
                    )
                    .await
                }
                Err(refused) => refused,
            };
            (answer, route.key)
        }
        None if raw_path.is_none() => (message_response(StatusCode::BAD_REQUEST, "Bad Request"), ""),
        None => (message_response(StatusCode::NOT_FOUND, "Not Found"), ""),
    };

    if let Ok(id) = HeaderValue::try_from(&request_id) {
        answer.headers_mut().insert("apigw-requestid", id);
    }
    context.traffic.record_request(traffic_record::RecordedRequest {
        at,
        method: parts.method.to_string(),
        path: path.to_owned(),
        route: route.to_owned(),
        status: answer.status().as_u16(),
        duration_ms: began.elapsed().as_secs_f64() * 1_000.0,
        request_id,
        cost: answer.headers().get(COST_HEADER).and_then(|cost| cost.to_str().ok()).map(str::to_owned),
    });
    answer
}

async fn invoke_function(
    context: &GatewayContext,
    event: serde_json::Value,
    function: &str,
) -> GatewayResponse {
    if event["body"].as_str().is_some_and(|body| body.len() > MAX_LAMBDA_PAYLOAD_BYTES) {
        return message_response(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large");
    }
    match tokio::time::timeout(INTEGRATION_TIMEOUT, context.runner.invoke(function, event)).await {
        Ok(Ok(returned)) => response_from_lambda(&returned),
        Ok(Err(_)) => None,
        Err(_) => Some(message_response(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable")),
    }
    .unwrap_or_else(|| message_response(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error"))
}

async fn read_body(mut body: Incoming) -> Result<Bytes, GatewayResponse> {
    let hint = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    let mut whole = BytesMut::with_capacity(hint.min(MAX_PAYLOAD_BYTES));
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| message_response(StatusCode::BAD_REQUEST, "Bad Request"))?;
        let Some(data) = frame.data_ref() else { continue };
        length += data.len();
        if length > MAX_DRAINED_BYTES {
            break;
        }
        if length <= MAX_PAYLOAD_BYTES {
            whole.extend_from_slice(data);
        }
    }
    if length <= MAX_PAYLOAD_BYTES {
        return Ok(whole.freeze());
    }
    let mut refused = message_response(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large");
    refused.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    Err(refused)
}
