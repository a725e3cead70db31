//! Adds the request id, the log line, the consumed capacity and the common headers to every request.

use std::{panic::AssertUnwindSafe, time::Instant};

use axum::{
    Json,
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures::FutureExt;
use http::{HeaderValue, header};
use model::Error;
use tracing::Instrument;

use super::{error, request_id};
use crate::App;

pub(super) async fn layer(State(app): State<App>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = request_id(&request);
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let span = tracing::info_span!("request", request_id = %id, user = tracing::field::Empty);
    let running = queue::with_request_id(Some(id.clone()), next.run(request));
    let (response, cost) = store::dynamodb::cost::measure(AssertUnwindSafe(running).catch_unwind())
        .instrument(span.clone())
        .await;
    let response = response
        .unwrap_or_else(|_| error::ApiError::from(Error::internal("a handler panicked")).into_response());
    let mut response = with_request_id(response, &id);
    let entered = span.enter();
    tracing::info!(
        %method,
        %path,
        status = response.status().as_u16(),
        duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        table_requests = cost.requests,
        read_units = cost.read_units,
        write_units = cost.write_units,
        "answered"
    );
    drop(entered);
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert("x-request-id", id);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    if app.settings.show_cost {
        let cost = format!("requests={}; rru={}; wru={}", cost.requests, cost.read_units, cost.write_units);
        if let Ok(cost) = HeaderValue::from_str(&cost) {
            headers.insert("x-colloquy-cost", cost);
        }
    }
    response
}

/// Adds the request id to the body of an error.
fn with_request_id(mut response: Response, id: &str) -> Response {
    let Some(mut body) = response.extensions_mut().remove::<error::ErrorBody>() else { return response };
    id.clone_into(&mut body.request_id);
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Json(body).into_response().into_body())
}
