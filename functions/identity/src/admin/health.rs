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

/// The state of a deployment.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SystemHealth {
    /// Always `ok`. If the database does not respond, the request fails with 503.
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

/// The instance that serves the request and its deployment.
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

/// The instance that served the request. The number of instances follows the number of concurrent requests.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InstanceHealth {
    #[schema(value_type = String, format = DateTime)]
    started_at: Timestamp,
    uptime_seconds: i64,
}

/// Where to find errors of all instances. An instance knows only its own errors, so the response contains no count.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ErrorSources {
    /// The `CloudWatch` dashboard. It also shows the dead-letter queues.
    #[schema(example = "colloquy-dev")]
    dashboard: String,
    /// The log group of all functions in `CloudWatch` Logs. Errors have the level `ERROR`.
    #[schema(example = "/colloquy/dev/functions")]
    log_group: String,
}

impl ErrorSources {
    /// Returns the names that `template.yaml` uses.
    fn for_stage(stage: &str) -> Self {
        Self { dashboard: format!("colloquy-{stage}"), log_group: format!("/colloquy/{stage}/functions") }
    }
}

/// The state of the database.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DependencyHealth {
    #[schema(example = "ok")]
    status: &'static str,
    /// The duration of one read, in milliseconds.
    latency_ms: i64,
}

/// The model that answers questions.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ModelHealth {
    /// `built_in` or `configured`. The request does not call a configured model.
    #[schema(example = "built_in")]
    status: &'static str,
    provider: String,
}

/// Counts of a deployment.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SystemCounts {
    accounts: u64,
    /// Sessions that have started and not ended.
    active_sessions: usize,
    /// Participants that are connected to active sessions, as last counted.
    connected_participants: u64,
}

/// Get the system's health
///
/// Returns the state of the database, the model in use and a few counts. Durations and errors of requests are in the
/// logs and on the dashboard that the response names. For admins.
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
