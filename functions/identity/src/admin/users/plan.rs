use axum::{Json, extract::State};
use entry::{
    App,
    http::{AdminCaller, ApiResult, ErrorBody, PathId, ValidJson},
};
use garde::Validate;
use model::{Error, UserId, plan::Plan, text};
use serde::Deserialize;
use serde_json::json;
use store::identity::users::User;
use utoipa::ToSchema;

use crate::admin::{
    audited_change::{AuditedAction, apply_audited},
    view::AdminAccount,
};

/// The new plan of an account.
#[derive(Deserialize, Validate, ToSchema)]
pub(crate) struct ChangePlanRequest {
    /// A plan of `GET /v1/admin/plans`. Required, here or as `plan`.
    #[garde(skip)]
    plan_id: Option<Plan>,
    /// Same as `plan_id`.
    #[garde(skip)]
    plan: Option<Plan>,
    /// A text for the audit log.
    #[garde(length(chars, max = 500), inner(custom(text::lines)))]
    #[serde(default, deserialize_with = "text::normalized")]
    #[schema(max_length = 500)]
    reason: Option<String>,
}

/// Change the plan of an account
///
/// The new limits apply to new sessions. Existing sessions keep the limits with which they were created. Also at
/// `/v1/admin/speakers/{id}/plan`. For admins.
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
        (
            status = 403,
            description = "The caller is not an admin, or the account's role is not below the caller's.",
            body = ErrorBody
        ),
        (status = 404, body = ErrorBody),
        (status = 409, description = "`CONFLICT`: the account was changed at the same time.", body = ErrorBody),
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
