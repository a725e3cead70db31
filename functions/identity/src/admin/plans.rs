use axum::Json;
use entry::http::{AdminCaller, ApiResult, ErrorBody};
use model::plan::{Plan, PlanLimits};
use serde::Serialize;
use store::Page;
use utoipa::ToSchema;

/// A plan and its limits.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PlanLimits)]
pub(crate) struct PlanLimitsView {
    id: Plan,
    /// The limits. `null` means unlimited.
    limits: PlanLimits,
}

/// List the plans
///
/// Returns every plan with its limits. For admins.
#[utoipa::path(
    get,
    path = "/v1/admin/plans",
    tag = "admin",
    operation_id = "admin_list_plans",
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = Page<PlanLimitsView>),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
    )
)]
pub(crate) async fn admin_list_plans(_staff: AdminCaller) -> ApiResult<Json<Page<PlanLimitsView>>> {
    let items = Plan::ALL.map(|plan| PlanLimitsView { id: plan, limits: plan.limits() }).into();
    Ok(Json(Page { items, next: None }))
}
