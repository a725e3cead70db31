use std::sync::{Mutex, PoisonError};

use axum::{Json, extract::State};
use entry::{
    App,
    http::{AdminCaller, ApiResult, ErrorBody, PathId, ValidJson},
};
use garde::Validate;
use model::{
    Error, UserId,
    user::{self, EmailAddress, UserRole},
};
use serde::Deserialize;
use serde_json::json;
use store::identity::users::User;
use utoipa::ToSchema;

use crate::{
    admin::{
        audited_change::{AuditedAction, apply_audited, can_assign_role},
        view::AdminAccount,
    },
    chat_sync, email_verification, fields,
};

/// Changes of an account by an admin. Missing fields stay unchanged. An admin cannot set a password.
#[derive(Deserialize, Validate, ToSchema)]
pub(crate) struct AdminUpdateUserRequest {
    #[garde(custom(fields::maybe_line))]
    #[schema(min_length = 1, max_length = 255)]
    name: Option<String>,
    #[garde(custom(fields::maybe_email))]
    #[schema(format = Email)]
    email: Option<String>,
    /// A role below the caller's.
    #[garde(skip)]
    role: Option<UserRole>,
    /// `true` makes a lower role `admin`. `false` makes an admin a member. `role` takes precedence.
    #[garde(skip)]
    is_admin: Option<bool>,
}

/// Update an account
///
/// Changes the name, the e-mail address or the role of an account. A new address is not verified, and a mail with a code is sent to
/// it. A mail notifies the old address, if that was verified. Also at `/v1/admin/speakers/{id}`. For admins.
#[utoipa::path(
    patch,
    path = "/v1/admin/users/{id}",
    tag = "admin",
    operation_id = "admin_update_user",
    params(("id" = UserId, Path)),
    request_body = AdminUpdateUserRequest,
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
            description = "`EMAIL_TAKEN`: another account has this e-mail address. `LAST_ADMIN`: the super admin keeps its role. \
                `CONFLICT`: the account was changed at the same time.",
            body = ErrorBody
        ),
        (status = 422, body = ErrorBody),
    )
)]
pub(crate) async fn admin_update_user(
    State(app): State<App>,
    AdminCaller(staff): AdminCaller,
    PathId(id): PathId<UserId>,
    ValidJson(input): ValidJson<AdminUpdateUserRequest>,
) -> ApiResult<Json<AdminAccount>> {
    let email = input
        .email
        .as_deref()
        .map(|text| fields::parse_field("email", text, EmailAddress::parse))
        .transpose()?;
    let name =
        input.name.as_deref().map(|text| fields::parse_field("name", text, user::parse_name)).transpose()?;
    // The entry records that the address was changed, but not the address, which is personal data.
    let changes = json!({
        "name": name.is_some(), "email": email.is_some(), "role": input.role, "is_admin": input.is_admin,
    });
    let action = AuditedAction::new("update_user", None).with_metadata(changes);
    let replaced = Mutex::new(None);
    let after = apply_audited(&app, &staff, id, action, |before, now| {
        let role = requested_role(before, &input);
        if role != before.role {
            can_assign_role(&staff, role)?;
        }
        let readdressed = email.clone().map_or_else(|| before.clone(), |email| before.with_email(email, now));
        *replaced.lock().unwrap_or_else(PoisonError::into_inner) = Some(before.clone());
        Ok::<User, Error>(User {
            name: name.clone().unwrap_or_else(|| before.name.clone()),
            role,
            ..readdressed
        })
    })
    .await?;
    if name.is_some() && after.username.is_some() {
        chat_sync::try_sync_profile(&app, after.id).await;
    }
    if let Some(before) = replaced.into_inner().unwrap_or_else(PoisonError::into_inner) {
        email_verification::try_send_change_mails(&app, &before, &after).await;
    }
    Ok(Json(AdminAccount::of(&after, app.clock.now())))
}

fn requested_role(before: &User, input: &AdminUpdateUserRequest) -> UserRole {
    match (input.role, input.is_admin) {
        (Some(role), _) => role,
        (None, Some(true)) => before.role.max(UserRole::Admin),
        (None, Some(false)) if before.role.is_admin() => UserRole::Member,
        (None, _) => before.role,
    }
}
