use std::time::Duration;

use axum::{Json, extract::State};
use entry::{
    App,
    http::{ApiResult, ErrorBody},
};
use model::Error;
use serde::Serialize;
use utoipa::ToSchema;

/// A table that responds later is not ready to serve.
const TABLE_TIMEOUT: Duration = Duration::from_secs(3);

/// Whether the deployment can serve requests.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReadinessResponse {
    ready: bool,
    version: &'static str,
    checks: ReadinessChecks,
}

/// The result of each check.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReadinessChecks {
    /// Always `true`, because a function without valid settings does not start.
    settings: bool,
    /// Whether the table responded to a read.
    table: bool,
}

/// Check that the API can serve requests
///
/// Reads the table once. Returns 503 if the table does not respond within 3 seconds. Also at `/v1/ready`.
#[utoipa::path(
    get,
    path = "/ready",
    tag = "docs",
    operation_id = "ready",
    responses(
        (status = 200, description = "The API is ready.", body = ReadinessResponse),
        (status = 503, description = "The API is not ready.", body = ErrorBody)
    )
)]
pub(crate) async fn ready(State(app): State<App>) -> ApiResult<Json<ReadinessResponse>> {
    let answered = tokio::time::timeout(TABLE_TIMEOUT, app.store.check_reachable()).await;
    answered.map_err(|late| Error::unavailable("the table", late))??;
    let checks = ReadinessChecks { settings: true, table: true };
    Ok(Json(ReadinessResponse { ready: true, version: crate::VERSION, checks }))
}
