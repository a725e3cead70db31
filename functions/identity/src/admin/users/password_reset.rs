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

/// Send a password reset mail
///
/// Sends an account a mail with a link that sets a new password, and writes an audit entry. Also at
/// `/v1/admin/speakers/{id}/password-reset`. For admins.
#[utoipa::path(
    post,
    path = "/v1/admin/users/{id}/password-reset",
    tag = "admin",
    operation_id = "admin_reset_password",
    params(("id" = UserId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 202, description = "The mail is queued.", body = ConfirmationResponse),
        (status = 401, body = ErrorBody),
        (
            status = 403,
            description = "The caller is not an admin, or the account's role is not below the caller's.",
            body = ErrorBody
        ),
        (status = 404, body = ErrorBody),
        (
            status = 409,
            description = "`ACCOUNT_DISABLED`: the account is disabled, banned or suspended.",
            body = ErrorBody
        ),
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
        let why = "this account cannot log in: reactivate it or lift its ban first";
        return Err(Error::conflict(ErrorCode::AccountDisabled, why).into());
    }
    // The entry is written before the mail is queued. A mail without an entry would be worse than an entry without a
    // mail.
    let action = AuditedAction::new("reset_password", None).into_audit_entry(
        &app,
        &staff,
        AuditTarget::User,
        id.to_string(),
    );
    audit_log::append(&app.store, &action).await?;
    password_reset::send_reset_email(&app, id).await?;
    Ok((StatusCode::ACCEPTED, Json(ConfirmationResponse { message: "The mail is on its way." })))
}
