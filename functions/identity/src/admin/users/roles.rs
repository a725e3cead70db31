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

#[derive(Debug, Deserialize, Validate, ToSchema)]
pub(crate) struct AssignRoleRequest {
    /// Below one's own.
    #[garde(skip)]
    role: UserRole,
    /// Refused: roles of a channel are given in the channel.
    #[garde(skip)]
    #[schema(value_type = Option<String>)]
    channel_id: Option<serde_json::Value>,
}

#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct RemoveRoleQuery {
    /// The role that is taken away; whatever it is where nothing is said.
    #[garde(skip)]
    role: Option<UserRole>,
}

/// Gives an account a role in place of the one it has
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
        (status = 403, description = "no admin, not of a lower role, or a role that one may not give", body = ErrorBody),
        (status = 404, body = ErrorBody),
        (status = 409, description = "it has this role, `LAST_ADMIN`, or changed at the same time", body = ErrorBody),
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
        return Err(Error::field("channel_id", "roles of a channel are given in the channel").into());
    }
    let role = input.role;
    can_assign_role(&staff, role)?;
    let action = AuditedAction::new("assign_role", None).with_metadata(json!({ "role": role }));
    let after = apply_audited(&app, &staff, id, action, |before, _| {
        if before.role == role {
            return Err(Error::conflict(ErrorCode::Conflict, "the account has this role"));
        }
        Ok(User { role, ..before.clone() })
    })
    .await?;
    Ok(Json(AdminAccount::of(&after, app.clock.now())))
}

/// Takes an account's role away: it is a member again
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
        (status = 403, description = "no admin, or not of a lower role", body = ErrorBody),
        (status = 404, description = "no such account, or it has no such role", body = ErrorBody),
        (status = 409, description = "`LAST_ADMIN`, or changed at the same time", body = ErrorBody),
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
