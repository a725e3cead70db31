//! `/_local`: shows the traffic of the local cloud, and lets tests and developers control it.
//!
//! | request | effect |
//! | --- | --- |
//! | `GET /_local` | the page |
//! | `GET /_local/page.js` | the script that updates the page |
//! | `GET /_local/state.json` | the content of the page as JSON |
//! | `GET /_local/mail` | the sent e-mail, newest first |
//! | `POST /_local/clock` `{"advance_seconds": n}` | advances the clock |
//! | `POST /_local/schedules` | runs every schedule once |
//! | `POST /_local/queues/{name}/redrive` | moves dead letters back to their queue |

mod estimate;
mod page_html;
mod page_state;
mod price_list;
#[cfg(test)]
mod scenarios;

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header, uri::Authority};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use page_state::PageState;
use serde::Deserialize;
use serde_json::json;

use crate::{
    gateway::context::GatewayContext,
    http::response::{GatewayResponse, json_response, message_response},
    sockets::socket_gateway::OpenSocket,
};

pub(crate) async fn handle_request(
    context: &GatewayContext,
    open_sockets: Vec<OpenSocket>,
    request: Request<Incoming>,
    host: &Authority,
) -> GatewayResponse {
    if !is_own_origin(&request, host) {
        return message_response(StatusCode::FORBIDDEN, "/_local serves only requests of this machine");
    }
    let path = request.uri().path().trim_end_matches('/').to_owned();
    let segments: Vec<&str> = path.split('/').skip(2).collect();
    let page_state = || PageState::current(context, open_sockets);
    match (request.method(), segments.as_slice()) {
        (&Method::GET, []) => html_response(&page_html::render(&page_state())),
        (&Method::GET, ["page.js"]) => script_response(),
        (&Method::GET, ["state.json"]) => json_response(StatusCode::OK, &json!(page_state())),
        (&Method::GET, ["mail"]) => json_response(StatusCode::OK, &json!({"items": page_state().mail})),
        (&Method::POST, ["clock"]) => advance_clock(context, request).await,
        (&Method::POST, ["schedules"]) => {
            context.run_schedules().await;
            ok_response(&json!({}))
        }
        (&Method::POST, ["queues", name, "redrive"]) => {
            let queues = context.emulator.sqs();
            if !queues.names().iter().any(|known| known == name) {
                return message_response(StatusCode::NOT_FOUND, "The queue does not exist");
            }
            ok_response(&json!({"redriven": queues.redrive(name)}))
        }
        _ => message_response(StatusCode::NOT_FOUND, "Not Found"),
    }
}

/// Returns true if the request comes from this machine and from no other site. The page shows e-mail with links that
/// log in. Another site must not read it through a name that resolves to this machine, nor post to it from its own
/// pages.
fn is_own_origin(request: &Request<Incoming>, host: &Authority) -> bool {
    let local = matches!(host.host(), "127.0.0.1" | "localhost" | "[::1]");
    let origin = request.headers().get(header::ORIGIN);
    local && origin.is_none_or(|origin| origin.as_bytes() == format!("http://{host}").as_bytes())
}

#[derive(Deserialize)]
struct AdvanceClockRequest {
    advance_seconds: u64,
}

async fn advance_clock(context: &GatewayContext, request: Request<Incoming>) -> GatewayResponse {
    let body =
        Limited::new(request.into_body(), 1_024).collect().await.map(http_body_util::Collected::to_bytes);
    let request = body.ok().and_then(|body| serde_json::from_slice::<AdvanceClockRequest>(&body).ok());
    let Some(AdvanceClockRequest { advance_seconds }) = request else {
        return message_response(StatusCode::BAD_REQUEST, "The body should be {\"advance_seconds\": n}");
    };
    context.clock.advance(Duration::from_secs(advance_seconds));
    ok_response(&json!({"now": context.clock.now()}))
}

fn script_response() -> GatewayResponse {
    let mut response = Response::new(Full::new(Bytes::from_static(include_bytes!("page.js"))));
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("text/javascript; charset=utf-8"));
    response
}

fn ok_response(body: &serde_json::Value) -> GatewayResponse {
    json_response(StatusCode::OK, body)
}

fn html_response(html: &str) -> GatewayResponse {
    let mut response = Response::new(Full::new(Bytes::from(html.to_owned())));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // the page shows text of users (e-mail, paths, dead letters)
    let policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'self'; connect-src 'self'; \
                  form-action 'self'; frame-ancestors 'none'";
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    response
}
