use axum::{Extension, Json, extract::State};
use entry::{
    App, Environment,
    http::{AdminCaller, ApiResult, ErrorBody},
};
use jiff::Timestamp;
use serde::Serialize;
use store::identity::users;
use utoipa::ToSchema;

use super::{
    llm::ModelSettings,
    sessions::recent_sessions::{count_connected, recent_sessions},
};

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SystemHealth {
    /// `ok`; where the table does not answer, this does not either, with 503.
    #[schema(example = "ok")]
    status: &'static str,
    version: &'static str,
    #[schema(value_type = String, format = DateTime)]
    checked_at: Timestamp,
    instance: InstanceHealth,
    errors: ErrorSources,
    database: DependencyHealth,
    llm: ModelHealth,
    counts: SystemCounts,
}

/// The instance that answers, and the deployment it is of.
#[derive(Clone, Debug)]
pub(crate) struct InstanceInfo {
    since: Timestamp,
    stage: String,
}

impl InstanceInfo {
    pub(super) fn from_environment(environment: &Environment, since: Timestamp) -> Self {
        Self { since, stage: environment.get("STAGE").unwrap_or("local").to_owned() }
    }
}

/// The one that answered; there are as many as there are requests at once, and they come and go.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InstanceHealth {
    #[schema(value_type = String, format = DateTime)]
    started_at: Timestamp,
    uptime_seconds: i64,
}

/// Where errors are found: no instance knows those of the others, so none is counted here.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ErrorSources {
    /// In `CloudWatch`; what failed for good is in dead letter queues.
    #[schema(example = "colloquy-dev")]
    dashboard: String,
    /// In `CloudWatch` Logs, of all functions; errors have the level `ERROR`.
    #[schema(example = "/colloquy/dev/functions")]
    log_group: String,
}

impl ErrorSources {
    /// As `template.yaml` names them.
    fn for_stage(stage: &str) -> Self {
        Self { dashboard: format!("colloquy-{stage}"), log_group: format!("/colloquy/{stage}/functions") }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DependencyHealth {
    #[schema(example = "ok")]
    status: &'static str,
    /// Of one read.
    latency_ms: i64,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ModelHealth {
    /// `built_in`, or `configured`: nobody is called just to see.
    #[schema(example = "built_in")]
    status: &'static str,
    provider: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SystemCounts {
    accounts: u64,
    /// Started and not ended.
    active_sessions: usize,
    /// Participants connected to them when last counted.
    connected_participants: u64,
}

/// How the system is
///
/// How long functions run and what went wrong stands in the logs and on the dashboard of the deployment, which are named
/// here: no instance knows it of the others.
#[utoipa::path(
    get,
    path = "/v1/admin/health",
    tag = "admin",
    operation_id = "admin_health",
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = SystemHealth),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
    )
)]
pub(crate) async fn admin_health(
    State(app): State<App>,
    _staff: AdminCaller,
    Extension(llm): Extension<ModelSettings>,
    Extension(running): Extension<InstanceInfo>,
) -> ApiResult<Json<SystemHealth>> {
    let began = app.clock.millis();
    app.store.check_reachable().await?;
    let latency_ms = app.clock.millis() - began;
    let accounts = users::count(&app.store).await?;
    let recent = recent_sessions(&app).await?;
    let is_built_in = llm.provider == "extractive";
    let now = app.clock.now();
    Ok(Json(SystemHealth {
        status: "ok",
        version: env!("CARGO_PKG_VERSION"),
        checked_at: now,
        instance: InstanceHealth {
            started_at: running.since,
            uptime_seconds: now.duration_since(running.since).as_secs(),
        },
        errors: ErrorSources::for_stage(&running.stage),
        database: DependencyHealth { status: "ok", latency_ms },
        llm: ModelHealth {
            status: if is_built_in { "built_in" } else { "configured" },
            provider: llm.provider,
        },
        counts: SystemCounts {
            accounts,
            active_sessions: recent.running.len(),
            connected_participants: count_connected(&app, &recent.running).await?,
        },
    }))
}
