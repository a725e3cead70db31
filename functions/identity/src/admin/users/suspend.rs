use axum::{Json, extract::State};
use entry::{
    App,
    http::{AdminCaller, ApiResult, ErrorBody, PathId, ValidJson},
};
use model::{UserId, user::RestrictionKind};

use super::restriction::{RestrictUserRequest, restrict};
use crate::admin::{audited_change::AuditedAction, view::AdminAccount};

/// Suspend an account
///
/// Ends every login session of the account, closes its sockets and refuses new logins until the suspension ends.
/// Without `duration_hours` it ends after 24 hours. A banned account cannot be suspended, because the suspension could
/// end before the ban. For admins.
#[utoipa::path(
    post,
    path = "/v1/admin/users/{id}/suspend",
    tag = "admin",
    operation_id = "admin_suspend_user",
    params(("id" = UserId, Path)),
    request_body = RestrictUserRequest,
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
        (
            status = 409,
            description = "`LAST_ADMIN`: the super admin stays active. `CONFLICT`: the account is banned, or it was changed \
                at the same time.",
            body = ErrorBody
        ),
        (status = 422, body = ErrorBody),
    )
)]
pub(crate) async fn admin_suspend_user(
    State(app): State<App>,
    AdminCaller(staff): AdminCaller,
    PathId(id): PathId<UserId>,
    ValidJson(input): ValidJson<RestrictUserRequest>,
) -> ApiResult<Json<AdminAccount>> {
    let action = AuditedAction::new("suspend_user", input.reason.clone());
    Ok(Json(restrict(&app, &staff, id, action, &input, RestrictionKind::Suspension).await?))
}
