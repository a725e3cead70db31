//! One listener for SQS, SESv2 and `@connections`.

use std::net::TcpListener;

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    http::StatusCode,
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::post,
};

use crate::{
    CallBarrier, ConnectionRegistry, EmulatedSes, EmulatedSqs, TimeSource, iam::IamGuard, management, outbox,
    queues, server::ServerThread, wire,
};

/// Above every limit of the services themselves, so that each answers with its own error.
const MAX_BODY_BYTES: usize = 48 * 1024 * 1024;

pub(crate) fn start(
    listener: TcpListener,
    queues: EmulatedSqs,
    outbox: EmulatedSes,
    connections: ConnectionRegistry,
    now: TimeSource,
    (guard, calls): (&IamGuard, CallBarrier),
) -> anyhow::Result<ServerThread> {
    let app = Router::new()
        .route("/", post(queues::handle_request).with_state((queues, guard.clone())))
        .route("/v2/email/outbound-emails", post(outbox::send_email).with_state((outbox, guard.clone())))
        .merge(management::router(connections, now, guard.clone()))
        .layer(middleware::from_fn_with_state(calls, pass_barrier))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES));
    ServerThread::start("cloud", listener, |listener| async move {
        if let Err(error) = axum::serve(wire::with_nodelay(listener), app).await {
            tracing::error!(%error, "the front ended");
        }
    })
}

async fn pass_barrier(State(calls): State<CallBarrier>, request: Request, next: Next) -> Response {
    let response = calls.pass(next.run(request)).await;
    response.unwrap_or_else(|| StatusCode::SERVICE_UNAVAILABLE.into_response())
}
