use std::time::Duration;

use axum::{Json, extract::State};
use entry::{
    App,
    http::{ApiResult, ErrorBody},
};
use model::Error;
use serde::Serialize;
use utoipa::ToSchema;

/// A table that needs longer is not one to serve from.
const TABLE_TIMEOUT: Duration = Duration::from_secs(3);

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReadinessResponse {
    ready: bool,
    version: &'static str,
    checks: ReadinessChecks,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReadinessChecks {
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
    responses((status = 200, body = ReadinessResponse), (status = 503, description = "Not now", body = ErrorBody))
)]
pub(crate) async fn ready(State(app): State<App>) -> ApiResult<Json<ReadinessResponse>> {
    let answered = tokio::time::timeout(TABLE_TIMEOUT, app.store.check_reachable()).await;
    answered.map_err(|late| Error::unavailable("the table", late))??;
    let checks = ReadinessChecks { settings: true, table: true };
    Ok(Json(ReadinessResponse { ready: true, version: crate::VERSION, checks }))
}
