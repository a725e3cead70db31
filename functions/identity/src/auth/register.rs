//! Registration. It accepts the field names of every original.

use std::{sync::Arc, time::Duration};

use axum::{Extension, Json, extract::State};
use entry::{
    App,
    http::{ApiResult, ErrorBody, RequestSource, ValidJson, enforce_rate_limits},
};
use garde::Validate;
use http::StatusCode;
use model::{
    Error,
    sign_up::SignUpPolicy,
    text,
    user::{self, AccountState, EmailAddress, UserRole, Username},
};
use serde::{Deserialize, Serialize};
use store::{
    RateLimit,
    identity::{
        invitations::InvitationAcceptance,
        users::{self, User, UserSaveOutcome},
    },
};
use utoipa::ToSchema;

use crate::{
    chat_sync, email_verification, fields, invitations,
    login_lifecycle::{self, LogInResponse},
    password_hash,
    save_error::from_save_outcome,
    token_pair::{TokenCookies, TokenPair},
};

/// A room full of people registers from one address. The limit prevents a program from creating a million accounts.
const NETWORK_RATE_LIMIT: RateLimit =
    RateLimit { name: "register", max_attempts: 500, window: Duration::from_hours(1) };

/// A new account.
#[derive(Deserialize, Validate, ToSchema)]
pub(crate) struct RegisterRequest {
    /// Stored in lower case.
    #[garde(custom(fields::email))]
    #[schema(format = Email, example = "ana@example.com")]
    email: String,
    /// 8 to 128 characters that are not easy to guess.
    #[garde(length(chars, min = *user::PASSWORD_LENGTH.start(), max = *user::PASSWORD_LENGTH.end()))]
    #[schema(format = Password, min_length = 8, max_length = 128, example = "correct horse battery staple")]
    password: String,
    /// The name that other users see. The default is the user name, or the part of the address before the `@`.
    #[garde(custom(fields::maybe_line))]
    #[schema(min_length = 1, max_length = 255)]
    name: Option<String>,
    /// Same as `name`.
    #[garde(custom(fields::maybe_line))]
    #[schema(min_length = 1, max_length = 255)]
    full_name: Option<String>,
    /// Same as `name`.
    #[garde(custom(fields::maybe_line))]
    #[schema(min_length = 1, max_length = 255)]
    display_name: Option<String>,
    /// 3 to 20 characters of `[A-Za-z0-9_]`. Unique regardless of upper and lower case.
    #[garde(custom(fields::maybe_username))]
    #[schema(pattern = "^[A-Za-z0-9_]{3,20}$")]
    username: Option<String>,
    /// The `https:` URL of a picture.
    #[garde(custom(fields::maybe_avatar))]
    #[schema(format = "uri", pattern = "^https://", max_length = 2048)]
    avatar: Option<String>,
    #[garde(custom(fields::maybe_line))]
    #[schema(min_length = 1, max_length = 255)]
    organization: Option<String>,
    /// The token of an invitation in a mail (`POST /v1/invitations`). The account gets the role of the invitation, and its address is
    /// verified.
    #[garde(length(max = 200), inner(custom(text::line)))]
    #[schema(max_length = 200)]
    invitation: Option<String>,
    /// An invitation of an original, which this deployment does not have. The response says so in `invite`.
    #[garde(length(max = 500), inner(custom(text::line)))]
    #[schema(max_length = 500)]
    invite_token: Option<String>,
}

/// The new account and its first login session.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RegisterResponse {
    #[serde(flatten)]
    welcome: LogInResponse,
    /// The result of accepting `invite_token`. Absent without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    invite: Option<InviteResult>,
}

/// The result of accepting an invitation.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InviteResult {
    /// `not_found` if the invitation is unknown, used or expired. The account is created regardless.
    #[schema(example = "not_found")]
    status: &'static str,
}

/// Register an account
///
/// Creates an account and begins its first login session. Returns the tokens in the body and as cookies. Also at
/// `/v1/auth/signup`.
///
/// The parameter `SignUp` of the deployment decides who may register: every person (`open`), people with an address of certain domains or
/// with an invitation (`domains`), people with an invitation (`invited`), or no person (`closed`).
///
/// The account works at once. A mail with a code and a link is sent to its address. Until the address is verified, the account gets no
/// other mail but that of a password reset.
#[utoipa::path(
    post,
    path = "/v1/auth/register",
    tag = "identity",
    operation_id = "register",
    request_body = RegisterRequest,
    responses(
        (status = 201, description = "The account and its first login session.", body = RegisterResponse),
        (
            status = 400,
            description = "`INVALID_TOKEN`: the invitation is unknown, used, withdrawn or expired. Also if the body is not valid JSON.",
            body = ErrorBody
        ),
        (
            status = 403,
            description = "`SIGN_UP_CLOSED`, `INVITATION_REQUIRED` or `EMAIL_DOMAIN_NOT_ALLOWED`: this person may not register here.",
            body = ErrorBody
        ),
        (
            status = 409,
            description = "`EMAIL_TAKEN`: an account has this e-mail address. `USERNAME_TAKEN`: an account has this user \
                name. `CONFLICT`: the invitation was used at the same time.",
            body = ErrorBody
        ),
        (status = 422, description = "A field is invalid, the password is easy to guess, or the invitation was sent to another address.", body = ErrorBody),
        (
            status = 429,
            description = "Too many registrations from this network. Retry after `Retry-After` seconds.",
            body = ErrorBody
        ),
    ),
    security(())
)]
pub(crate) async fn register(
    State(app): State<App>,
    Extension(policy): Extension<Arc<SignUpPolicy>>,
    source: RequestSource,
    ValidJson(input): ValidJson<RegisterRequest>,
) -> ApiResult<(StatusCode, TokenCookies, Json<RegisterResponse>)> {
    enforce_rate_limits(&app, &[(NETWORK_RATE_LIMIT, &source.network_key())]).await?;
    let email = fields::parse_field("email", &input.email, EmailAddress::parse)?;
    let is_first_admin = app.settings.first_admin_email.as_deref() == Some(email.as_str());
    if !is_first_admin {
        policy.check(&email, input.invitation.is_some())?;
    }
    let mut accepted = match &input.invitation {
        Some(token) => Some(invitations::accept::find_acceptance(&app, token, &email).await?),
        None => None,
    };
    let mut user = create_account(&app, &input, email, is_first_admin, accepted.as_ref()).await?;
    if let Some(accepted) = &mut accepted {
        accepted.audit = invitations::accept::audit_entry(&app, accepted, user.id);
    }
    let login = login_lifecycle::new_login(&app, &user, &source);
    let network = login_lifecycle::new_known_network(&app, user.id, &source);
    let mut saved = users::create(&app.store, &user, &login, &network, accepted.as_ref()).await?;
    if saved == UserSaveOutcome::SuperAdminExists {
        user.role = invited_role(accepted.as_ref());
        saved = users::create(&app.store, &user, &login, &network, accepted.as_ref()).await?;
    }
    if saved != UserSaveOutcome::Applied {
        return Err(from_save_outcome(saved).into());
    }
    tracing::info!(user.id = %user.id, login.id = %login.id, "registered");
    if user.username.is_some() {
        chat_sync::try_sync_profile(&app, user.id).await;
    }
    email_verification::try_send_verification(&app, &user).await;
    let pair = TokenPair::for_login(&app, &login).await?;
    let cookies = pair.cookies();
    let invite = input.invite_token.map(|_| InviteResult { status: "not_found" });
    Ok((
        StatusCode::CREATED,
        cookies,
        Json(RegisterResponse { welcome: LogInResponse::new(&user, pair), invite }),
    ))
}

fn invited_role(accepted: Option<&InvitationAcceptance>) -> UserRole {
    accepted.map_or(UserRole::Member, |accepted| accepted.invitation.role)
}

async fn create_account(
    app: &App,
    input: &RegisterRequest,
    email: EmailAddress,
    is_first_admin: bool,
    accepted: Option<&InvitationAcceptance>,
) -> Result<User, Error> {
    let username = input
        .username
        .as_deref()
        .map(|name| fields::parse_field("username", name, Username::parse))
        .transpose()?;
    let name = input.name.as_deref().or(input.full_name.as_deref()).or(input.display_name.as_deref());
    let name = name.or(username.as_ref().map(Username::as_str)).unwrap_or(email.local_part());
    let name = fields::parse_field("name", name, user::parse_name)?;
    let about = [email.as_str(), email.local_part(), &name, username.as_ref().map_or("", Username::as_str)];
    let password = password_hash::hash_new_password("password", &input.password, &about).await?;
    let now = app.clock.now();
    Ok(User {
        id: app.clock.new_id(),
        email: Some(email),
        // The token of the invitation was mailed to this address.
        email_verified_at: accepted.map(|_| now),
        username,
        name,
        avatar: input
            .avatar
            .as_deref()
            .map(|url| fields::parse_field("avatar", url, user::parse_avatar_url))
            .transpose()?,
        organization: input
            .organization
            .as_deref()
            .map(|name| fields::parse_field("organization", name, user::parse_name))
            .transpose()?,
        role: if is_first_admin { UserRole::SuperAdmin } else { invited_role(accepted) },
        plan: app.settings.default_plan,
        status: AccountState::Active,
        restriction: None,
        password: Some(password),
        credentials_changed_at: now,
        created_at: now,
        updated_at: now,
        version: 1,
    })
}
