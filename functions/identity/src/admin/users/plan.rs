use axum::{Json, extract::State};
use entry::{
    App,
    http::{Admin, Answer, ErrorBody, Id, Valid},
};
use garde::Validate;
use model::{Error, UserId, plan::Plan};
use serde::Deserialize;
use serde_json::json;
use store::users::User;
use utoipa::ToSchema;

use crate::admin::{
    deed::{Deed, govern},
    view::AccountView,
};

#[derive(Deserialize, Validate, ToSchema)]
#[schema(as = PlanChange)]
pub(crate) struct PlanChange {
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
    request_body = PlanChange,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = AccountView),
        (status = 401, body = ErrorBody),
        (status = 403, description = "no admin, or not of a lower role", body = ErrorBody),
        (status = 404, body = ErrorBody),
        (status = 409, description = "changed at the same time", body = ErrorBody),
        (status = 422, body = ErrorBody),
    )
)]
pub(crate) async fn change_plan(
    State(app): State<App>,
    Admin(staff): Admin,
    Id(id): Id<UserId>,
    Valid(input): Valid<PlanChange>,
) -> Answer<Json<AccountView>> {
    let plan = input.plan_id.or(input.plan).ok_or_else(|| Error::field("plan_id", "is required"))?;
    let deed = Deed::new("change_plan", input.reason).with(json!({ "plan": plan }));
    let after = govern(&app, &staff, id, deed, |before, _| Ok(User { plan, ..before.clone() })).await?;
    Ok(Json(AccountView::of(&after, app.clock.now())))
}
