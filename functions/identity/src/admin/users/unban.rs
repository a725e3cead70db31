use axum::{Json, extract::State};
use entry::{
    App,
    http::{AdminCaller, ApiResult, ErrorBody, PathId, ValidJson, ValidQuery},
};
use model::{UserId, user::RestrictionKind};

use super::restriction::{LiftRestrictionQuery, lift_restriction};
use crate::admin::{audited_change::AuditedAction, reason::ReasonRequest, view::AdminAccount};

/// Lift a ban
///
/// Ends a ban before its time. An account without a ban stays unchanged. For admins.
#[utoipa::path(
    post,
    path = "/v1/admin/users/{id}/unban",
    tag = "admin",
    operation_id = "admin_unban_user",
    params(("id" = UserId, Path), LiftRestrictionQuery),
    request_body = ReasonRequest,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, description = "The account after the change.", body = AdminAccount),
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
pub(crate) async fn admin_unban_user(
    State(app): State<App>,
    AdminCaller(staff): AdminCaller,
    PathId(id): PathId<UserId>,
    ValidQuery(query): ValidQuery<LiftRestrictionQuery>,
    ValidJson(input): ValidJson<ReasonRequest>,
) -> ApiResult<Json<AdminAccount>> {
    let action = AuditedAction::new("unban_user", input.reason.or(query.reason));
    Ok(Json(lift_restriction(&app, &staff, id, action, RestrictionKind::Ban).await?))
}
