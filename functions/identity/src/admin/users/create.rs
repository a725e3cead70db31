use axum::{Json, extract::State};
use entry::{
    App,
    http::{AdminCaller, ApiResult, ErrorBody, ValidJson},
};
use garde::Validate;
use http::StatusCode;
use model::{
    UserId,
    user::{self, AccountState, EmailAddress, UserRole},
};
use serde::Deserialize;
use serde_json::json;
use store::identity::{
    audit_log::AuditTarget,
    users::{self, User, UserSaveOutcome},
};
use utoipa::ToSchema;

use crate::{
    admin::{
        audited_change::{AuditedAction, can_assign_role},
        view::AdminAccount,
    },
    email_verification, fields, password_hash,
    save_error::from_save_outcome,
};

/// A new account.
#[derive(Deserialize, Validate, ToSchema)]
pub(crate) struct AdminCreateUserRequest {
    #[garde(custom(fields::email))]
    #[schema(format = Email, example = "ana@example.com")]
    email: String,
    #[garde(custom(fields::maybe_line))]
    #[schema(min_length = 1, max_length = 255)]
    name: Option<String>,
    /// 8 to 128 characters that are not easy to guess.
    #[garde(length(chars, min = *user::PASSWORD_LENGTH.start(), max = *user::PASSWORD_LENGTH.end()))]
    #[schema(format = Password, min_length = 8, max_length = 128)]
    password: String,
    /// A role below the caller's. The default is `member`.
    #[garde(skip)]
    role: Option<UserRole>,
    /// `true` means the role `admin`. `role` takes precedence.
    #[garde(skip)]
    is_admin: Option<bool>,
}

/// Create an account
///
/// Creates an account with the plan of new accounts and writes an audit entry. Its address is not verified, and a mail with a code is
/// sent to it. An admin may create accounts in every mode of the sign-up. Also at `/v1/admin/speakers`. For
/// admins.
#[utoipa::path(
    post,
    path = "/v1/admin/users",
    tag = "admin",
    operation_id = "admin_create_user",
    request_body = AdminCreateUserRequest,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 201, body = AdminAccount),
        (status = 401, body = ErrorBody),
        (
            status = 403,
            description = "The caller is not an admin, or the role is not below the caller's.",
            body = ErrorBody
        ),
        (status = 409, description = "`EMAIL_TAKEN`: an account has this e-mail address.", body = ErrorBody),
        (status = 422, body = ErrorBody),
    )
)]
pub(crate) async fn admin_create_user(
    State(app): State<App>,
    AdminCaller(staff): AdminCaller,
    ValidJson(input): ValidJson<AdminCreateUserRequest>,
) -> ApiResult<(StatusCode, Json<AdminAccount>)> {
    let by_flag = if input.is_admin == Some(true) { UserRole::Admin } else { UserRole::Member };
    let role = input.role.unwrap_or(by_flag);
    can_assign_role(&staff, role)?;
    let email = fields::parse_field("email", &input.email, EmailAddress::parse)?;
    let name = input.name.as_deref().unwrap_or(email.local_part());
    let name = fields::parse_field("name", name, user::parse_name)?;
    let about = [email.as_str(), email.local_part(), &name];
    let password = password_hash::hash_new_password("password", &input.password, &about).await?;
    let now = app.clock.now();
    let user = User {
        id: app.clock.new_id::<UserId>(),
        email: Some(email),
        email_verified_at: None,
        username: None,
        name,
        avatar: None,
        organization: None,
        role,
        plan: app.settings.default_plan,
        status: AccountState::Active,
        restriction: None,
        password: Some(password),
        credentials_changed_at: now,
        created_at: now,
        updated_at: now,
        version: 1,
    };
    let action = AuditedAction::new("create_user", None).with_metadata(json!({ "role": role }));
    let action = action.into_audit_entry(&app, &staff, AuditTarget::User, user.id.to_string());
    match users::create_with_audit(&app.store, &user, &action).await? {
        UserSaveOutcome::Applied => {
            email_verification::try_send_verification(&app, &user).await;
            Ok((StatusCode::CREATED, Json(AdminAccount::of(&user, now))))
        }
        refused => Err(from_save_outcome(refused).into()),
    }
}
