use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HealthResponse {
    #[schema(example = "healthy")]
    status: &'static str,
    /// Not asked here: whoever watches this every second should not be billed for it. `/ready` asks.
    #[schema(example = "unchecked")]
    database: &'static str,
    version: &'static str,
}

/// Is it alive?
///
/// Asks nothing of the table, so that it can be watched for nothing; also at `/v1/health`.
#[utoipa::path(
    get,
    path = "/health",
    tag = "docs",
    operation_id = "health",
    responses((status = 200, body = HealthResponse))
)]
pub(crate) async fn health() -> Json<HealthResponse> {
    Json(HealthResponse { status: "healthy", database: "unchecked", version: crate::VERSION })
}
