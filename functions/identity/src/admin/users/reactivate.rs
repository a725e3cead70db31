use axum::{Json, extract::State};
use entry::{
    App,
    http::{AdminCaller, ApiResult, ErrorBody, PathId, ValidJson},
};
use model::{UserId, user::AccountState};

use super::account_state::set_status;
use crate::admin::{audited_change::AuditedAction, reason::ReasonRequest, view::AdminAccount};

/// Reactivate an account
///
/// Permits logins to a deactivated account again. A ban or a suspension of the account stays. Also at
/// `/v1/admin/speakers/{id}/reactivate`. For admins.
#[utoipa::path(
    post,
    path = "/v1/admin/users/{id}/reactivate",
    tag = "admin",
    operation_id = "admin_reactivate_user",
    params(("id" = UserId, Path)),
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
        (
            status = 409,
            description = "`LAST_ADMIN`: the super admin stays active. `CONFLICT`: the account was changed at the same \
                time.",
            body = ErrorBody
        ),
        (status = 422, body = ErrorBody),
    )
)]
pub(crate) async fn admin_reactivate_user(
    State(app): State<App>,
    AdminCaller(staff): AdminCaller,
    PathId(id): PathId<UserId>,
    ValidJson(input): ValidJson<ReasonRequest>,
) -> ApiResult<Json<AdminAccount>> {
    let action = AuditedAction::new("reactivate_user", input.reason);
    Ok(Json(set_status(&app, &staff, id, action, AccountState::Active).await?))
}
