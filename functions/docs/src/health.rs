use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

/// The health of a function.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HealthResponse {
    #[schema(example = "healthy")]
    status: &'static str,
    /// Always `unchecked`, so that frequent health checks cost no reads. `/ready` checks the database.
    #[schema(example = "unchecked")]
    database: &'static str,
    version: &'static str,
}

/// Check that the API responds
///
/// Returns without reading the database, so frequent health checks are free. Also at `/v1/health`.
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
