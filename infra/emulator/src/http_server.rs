//! The HTTP server for SQS, SESv2 and `@connections`.

use std::net::TcpListener;

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    middleware::{self, Next},
    response::Response,
    routing::post,
};

use crate::{
    CallBarrier, ConnectionRegistry, EmulatedSes, EmulatedSqs, TimeSource, aws_response, call_barrier,
    iam::IamGuard, management_api, server_thread::ServerThread, ses, sqs,
};

/// Above the limits of all services, so that each service returns its own error.
const MAX_BODY_BYTES: usize = 48 * 1024 * 1024;

pub(crate) fn start(
    listener: TcpListener,
    sqs: EmulatedSqs,
    ses: EmulatedSes,
    connections: ConnectionRegistry,
    now: TimeSource,
    (guard, calls): (&IamGuard, CallBarrier),
) -> anyhow::Result<ServerThread> {
    let app = Router::new()
        .route("/", post(sqs::handle_request).with_state((sqs, guard.clone())))
        .route("/v2/email/outbound-emails", post(ses::send_email).with_state((ses, guard.clone())))
        .merge(management_api::router(connections, now, guard.clone()))
        .layer(middleware::from_fn_with_state(calls, pass_barrier))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES));
    ServerThread::start("emulator", listener, |listener| async move {
        if let Err(error) = axum::serve(aws_response::with_nodelay(listener), app).await {
            tracing::error!(%error, "the HTTP server of the emulator ended");
        }
    })
}

async fn pass_barrier(State(calls): State<CallBarrier>, request: Request, next: Next) -> Response {
    let invocation = call_barrier::invocation_id(request.headers());
    calls.pass(invocation, next.run(request)).await
}
