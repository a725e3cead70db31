use axum::{Json, extract::State};
use entry::{
    App,
    http::{AdminCaller, ApiResult, ErrorBody, PathId, ValidJson},
};
use garde::Validate;
use model::{Error, UserId, plan::Plan};
use serde::Deserialize;
use serde_json::json;
use store::identity::users::User;
use utoipa::ToSchema;

use crate::admin::{
    audited_change::{AuditedAction, apply_audited},
    view::AdminAccount,
};

#[derive(Deserialize, Validate, ToSchema)]
pub(crate) struct ChangePlanRequest {
    /// One of `GET /v1/admin/plans`.
    #[garde(skip)]
    plan_id: Option<Plan>,
    /// Same as `plan_id`.
    #[garde(skip)]
    plan: Option<Plan>,
    #[garde(length(chars, max = 500))]
    #[schema(max_length = 500)]
    reason: Option<String>,
}

/// Another plan, at once; sessions that there are keep the limits they were created with
#[utoipa::path(
    patch,
    path = "/v1/admin/users/{id}/plan",
    tag = "admin",
    operation_id = "admin_change_plan",
    params(("id" = UserId, Path)),
    request_body = ChangePlanRequest,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = AdminAccount),
        (status = 401, body = ErrorBody),
        (status = 403, description = "no admin, or not of a lower role", body = ErrorBody),
        (status = 404, body = ErrorBody),
        (status = 409, description = "changed at the same time", body = ErrorBody),
        (status = 422, body = ErrorBody),
    )
)]
pub(crate) async fn admin_change_plan(
    State(app): State<App>,
    AdminCaller(staff): AdminCaller,
    PathId(id): PathId<UserId>,
    ValidJson(input): ValidJson<ChangePlanRequest>,
) -> ApiResult<Json<AdminAccount>> {
    let plan = input.plan_id.or(input.plan).ok_or_else(|| Error::field("plan_id", "is required"))?;
    let action = AuditedAction::new("change_plan", input.reason).with_metadata(json!({ "plan": plan }));
    let after =
        apply_audited(&app, &staff, id, action, |before, _| Ok(User { plan, ..before.clone() })).await?;
    Ok(Json(AdminAccount::of(&after, app.clock.now())))
}
