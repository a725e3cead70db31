use axum::{Json, extract::State};
use entry::{
    App,
    http::{AdminCaller, ApiResult, ErrorBody, PathId, ValidJson, ValidQuery},
};
use garde::Validate;
use model::{Error, ErrorCode, UserId, user::UserRole};
use serde::Deserialize;
use serde_json::json;
use store::identity::users::User;
use utoipa::{IntoParams, ToSchema};

use crate::admin::{
    audited_change::{AuditedAction, apply_audited, can_assign_role},
    view::AdminAccount,
};

/// The new role of an account.
#[derive(Debug, Deserialize, Validate, ToSchema)]
pub(crate) struct AssignRoleRequest {
    /// A role below the caller's.
    #[garde(skip)]
    role: UserRole,
    /// Not supported, and refused with 422. Set roles of a channel in the channel.
    #[garde(skip)]
    #[schema(value_type = Option<String>)]
    channel_id: Option<serde_json::Value>,
}

/// The role to remove.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct RemoveRoleQuery {
    /// The role that the account must have. Without it, any role is removed.
    #[garde(skip)]
    role: Option<UserRole>,
}

/// Set the role of an account
///
/// Replaces the account's role. An account has exactly one role. For admins.
#[utoipa::path(
    post,
    path = "/v1/admin/users/{id}/roles",
    tag = "admin",
    operation_id = "admin_assign_role",
    params(("id" = UserId, Path)),
    request_body = AssignRoleRequest,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = AdminAccount),
        (status = 401, body = ErrorBody),
        (
            status = 403,
            description = "The caller is not an admin, or the account's role or the new role is not below the caller's.",
            body = ErrorBody
        ),
        (status = 404, body = ErrorBody),
        (
            status = 409,
            description = "`CONFLICT`: the account already has this role, or it was changed at the same time. \
                `LAST_ADMIN`: the super admin keeps its role.",
            body = ErrorBody
        ),
        (status = 422, body = ErrorBody),
    )
)]
pub(crate) async fn admin_assign_role(
    State(app): State<App>,
    AdminCaller(staff): AdminCaller,
    PathId(id): PathId<UserId>,
    ValidJson(input): ValidJson<AssignRoleRequest>,
) -> ApiResult<Json<AdminAccount>> {
    if input.channel_id.is_some() {
        return Err(
            Error::field("channel_id", "is not supported: set roles of a channel in the channel").into()
        );
    }
    let role = input.role;
    can_assign_role(&staff, role)?;
    let action = AuditedAction::new("assign_role", None).with_metadata(json!({ "role": role }));
    let after = apply_audited(&app, &staff, id, action, |before, _| {
        if before.role == role {
            return Err(Error::conflict(ErrorCode::Conflict, "the account already has this role"));
        }
        Ok(User { role, ..before.clone() })
    })
    .await?;
    Ok(Json(AdminAccount::of(&after, app.clock.now())))
}

/// Remove the role of an account
///
/// Makes the account a member again. For admins.
#[utoipa::path(
    delete,
    path = "/v1/admin/users/{id}/roles",
    tag = "admin",
    operation_id = "admin_remove_role",
    params(("id" = UserId, Path), RemoveRoleQuery),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = AdminAccount),
        (status = 401, body = ErrorBody),
        (
            status = 403,
            description = "The caller is not an admin, or the account's role is not below the caller's.",
            body = ErrorBody
        ),
        (
            status = 404,
            description = "The account does not exist or does not have this role.",
            body = ErrorBody
        ),
        (
            status = 409,
            description = "`LAST_ADMIN`: the super admin keeps its role. `CONFLICT`: the account was changed at the same \
                time.",
            body = ErrorBody
        ),
        (status = 422, body = ErrorBody),
    )
)]
pub(crate) async fn admin_remove_role(
    State(app): State<App>,
    AdminCaller(staff): AdminCaller,
    PathId(id): PathId<UserId>,
    ValidQuery(removal): ValidQuery<RemoveRoleQuery>,
) -> ApiResult<Json<AdminAccount>> {
    let action = AuditedAction::new("remove_role", None).with_metadata(json!({ "role": removal.role }));
    let after = apply_audited(&app, &staff, id, action, |before, _| {
        let has = removal.role.is_none_or(|role| role == before.role);
        if before.role == UserRole::Member || !has {
            return Err(Error::NotFound("role"));
        }
        Ok(User { role: UserRole::Member, ..before.clone() })
    })
    .await?;
    Ok(Json(AdminAccount::of(&after, app.clock.now())))
}
