use axum::{Extension, Json, extract::State};
use entry::{
    App,
    http::{Admin, Answer, ErrorBody},
};
use jiff::Timestamp;
use serde::Serialize;
use store::users;
use utoipa::ToSchema;

use super::{
    llm::Llm,
    sessions::running::{connected, recent},
};

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SystemHealth)]
pub(crate) struct Health {
    /// `ok`; where the table does not answer, this does not either, with 503.
    #[schema(example = "ok")]
    status: &'static str,
    version: &'static str,
    #[schema(value_type = String, format = DateTime)]
    checked_at: Timestamp,
    database: Dependency,
    llm: Model,
    counts: Counts,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DependencyHealth)]
pub(crate) struct Dependency {
    #[schema(example = "ok")]
    status: &'static str,
    /// Of one read.
    latency_ms: i64,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ModelHealth)]
pub(crate) struct Model {
    /// `built_in`, or `configured`: nobody is called just to see.
    #[schema(example = "built_in")]
    status: &'static str,
    provider: String,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SystemCounts)]
pub(crate) struct Counts {
    accounts: u64,
    /// Started and not ended.
    active_sessions: usize,
    /// Participants connected to them when last counted.
    connected_participants: u64,
}

/// How the system is
///
/// How long functions run and what went wrong stands in the logs and on the dashboard of the deployment: no instance knows
/// it of the others.
#[utoipa::path(
    get,
    path = "/v1/admin/health",
    tag = "admin",
    operation_id = "admin_health",
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = Health),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
    )
)]
pub(crate) async fn health(
    State(app): State<App>,
    _staff: Admin,
    Extension(llm): Extension<Llm>,
) -> Answer<Json<Health>> {
    let began = app.clock.millis();
    app.store.ready().await?;
    let latency_ms = app.clock.millis() - began;
    let accounts = users::count(&app.store).await?;
    let recent = recent(&app).await?;
    let is_built_in = llm.provider == "extractive";
    Ok(Json(Health {
        status: "ok",
        version: env!("CARGO_PKG_VERSION"),
        checked_at: app.clock.now(),
        database: Dependency { status: "ok", latency_ms },
        llm: Model { status: if is_built_in { "built_in" } else { "configured" }, provider: llm.provider },
        counts: Counts {
            accounts,
            active_sessions: recent.running.len(),
            connected_participants: connected(&app, &recent.running).await?,
        },
    }))
}
