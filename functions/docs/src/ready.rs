use std::time::Duration;

use axum::{Json, extract::State};
use entry::App;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

/// A table that needs longer is not one to serve from.
const PATIENCE: Duration = Duration::from_secs(3);

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Readiness {
    ready: bool,
    version: &'static str,
    checks: Checks,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Checks {
    /// They were read at start, or nobody would answer here.
    settings: bool,
    /// It answered a read just now.
    table: bool,
}

/// Can it serve?
///
/// Reads from the table once; also at `/v1/ready`.
#[utoipa::path(
    get,
    path = "/ready",
    tag = "docs",
    operation_id = "ready",
    responses((status = 200, body = Readiness), (status = 503, body = Readiness))
)]
pub(crate) async fn ready(State(app): State<App>) -> (StatusCode, Json<Readiness>) {
    let table = match tokio::time::timeout(PATIENCE, app.store.ready()).await {
        Ok(Ok(())) => true,
        Ok(Err(error)) => {
            tracing::warn!(%error, "the table does not answer");
            false
        }
        Err(_) => {
            tracing::warn!("the table does not answer in {PATIENCE:?}");
            false
        }
    };
    let status = if table { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let checks = Checks { settings: true, table };
    (status, Json(Readiness { ready: table, version: crate::VERSION, checks }))
}
