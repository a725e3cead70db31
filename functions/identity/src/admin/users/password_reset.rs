use axum::{Json, extract::State};
use entry::{
    App,
    http::{AdminCaller, ApiResult, ErrorBody, PathId},
};
use http::StatusCode;
use model::{Error, ErrorCode, UserId};
use store::identity::audit_log::{self, AuditTarget};

use crate::{
    admin::audited_change::{AuditedAction, can_act_on, find_user},
    auth::{ConfirmationResponse, password_reset},
};

/// Mails an account a link that sets a new password
#[utoipa::path(
    post,
    path = "/v1/admin/users/{id}/password-reset",
    tag = "admin",
    operation_id = "admin_reset_password",
    params(("id" = UserId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 202, body = ConfirmationResponse),
        (status = 401, body = ErrorBody),
        (status = 403, description = "no admin, or not of a lower role", body = ErrorBody),
        (status = 404, body = ErrorBody),
        (status = 409, description = "`ACCOUNT_DISABLED`: it could not log in with it", body = ErrorBody),
    )
)]
pub(crate) async fn admin_reset_password(
    State(app): State<App>,
    AdminCaller(staff): AdminCaller,
    PathId(id): PathId<UserId>,
) -> ApiResult<(StatusCode, Json<ConfirmationResponse>)> {
    let user = find_user(&app, id).await?;
    can_act_on(&staff, id, user.role)?;
    if !user.is_active(app.clock.now()) {
        return Err(Error::conflict(ErrorCode::AccountDisabled, "this account cannot log in").into());
    }
    // before the mail: one that was sent and not written down would be worse than the other way round
    let action = AuditedAction::new("reset_password", None).into_audit_entry(
        &app,
        &staff,
        AuditTarget::User,
        id.to_string(),
    );
    audit_log::append(&app.store, &action).await?;
    password_reset::send_reset_email(&app, id).await?;
    Ok((StatusCode::ACCEPTED, Json(ConfirmationResponse { message: "A mail is on its way." })))
}
