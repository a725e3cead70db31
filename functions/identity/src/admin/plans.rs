use axum::Json;
use entry::http::{Admin, Answer, ErrorBody};
use model::plan::{Limits, Plan};
use serde::Serialize;
use store::Page;
use utoipa::ToSchema;

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PlanLimits)]
pub(crate) struct PlanView {
    id: Plan,
    /// `null` is as much as one likes.
    limits: Limits,
}

/// The plans there are, and what they allow
#[utoipa::path(
    get,
    path = "/v1/admin/plans",
    tag = "admin",
    operation_id = "admin_list_plans",
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = Page<PlanView>),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
    )
)]
pub(crate) async fn list_plans(_staff: Admin) -> Answer<Json<Page<PlanView>>> {
    let items = Plan::ALL.map(|plan| PlanView { id: plan, limits: plan.limits() }).into();
    Ok(Json(Page { items, next: None }))
}
