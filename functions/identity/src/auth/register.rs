//! Sign-up, in the words of every original.

use std::time::Duration;

use axum::{Json, extract::State};
use entry::{
    App,
    http::{ApiResult, ErrorBody, RequestSource, ValidJson, enforce_rate_limits},
};
use garde::Validate;
use http::StatusCode;
use model::{
    Error,
    user::{self, AccountState, EmailAddress, UserRole, Username},
};
use serde::{Deserialize, Serialize};
use store::{
    RateLimit,
    identity::users::{self, User, UserSaveOutcome},
};
use utoipa::ToSchema;

use crate::{
    chat_sync, fields,
    login_lifecycle::{self, LogInResponse},
    password_hash,
    save_error::from_save_outcome,
    token_pair::{TokenCookies, TokenPair},
};

/// A room full of people behind one address signs up; a machine does not make a million accounts.
const NETWORK_RATE_LIMIT: RateLimit =
    RateLimit { name: "register", max_attempts: 500, window: Duration::from_hours(1) };

#[derive(Deserialize, Validate, ToSchema)]
pub(crate) struct RegisterRequest {
    /// Kept in lower case.
    #[garde(custom(fields::email))]
    #[schema(format = Email, example = "ana@example.com")]
    email: String,
    /// 8 to 128 characters, and not easily guessed.
    #[garde(length(chars, min = *user::PASSWORD_LENGTH.start(), max = *user::PASSWORD_LENGTH.end()))]
    #[schema(format = Password, min_length = 8, max_length = 128, example = "correct horse battery staple")]
    password: String,
    /// What others see. Without one: the user name, else the part of the address before the `@`.
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
    /// 3 to 20 of `[A-Za-z0-9_]`, unique in every spelling.
    #[garde(custom(fields::maybe_username))]
    #[schema(pattern = "^[A-Za-z0-9_]{3,20}$")]
    username: Option<String>,
    /// `https:` URL of a picture.
    #[garde(custom(fields::maybe_avatar))]
    #[schema(format = "uri", pattern = "^https://", max_length = 2048)]
    avatar: Option<String>,
    #[garde(custom(fields::maybe_line))]
    #[schema(min_length = 1, max_length = 255)]
    organization: Option<String>,
    /// An invitation to accept; what came of it stands in the answer.
    #[garde(length(max = 500))]
    #[schema(max_length = 500)]
    invite_token: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RegisterResponse {
    #[serde(flatten)]
    welcome: LogInResponse,
    /// Where an `invite_token` came along.
    #[serde(skip_serializing_if = "Option::is_none")]
    invite: Option<InviteResult>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InviteResult {
    /// `not_found`: unknown, used or expired. The account was made all the same.
    #[schema(example = "not_found")]
    status: &'static str,
}

#[utoipa::path(
    post,
    path = "/v1/auth/register",
    tag = "identity",
    operation_id = "register",
    summary = "Sign up",
    description = "Also at `/v1/auth/signup`. Answers the account and a first log-in, in the body and as cookies.",
    request_body = RegisterRequest,
    responses(
        (status = 201, description = "The account and its first log-in", body = RegisterResponse),
        (status = 400, description = "Not JSON", body = ErrorBody),
        (status = 409, description = "`EMAIL_TAKEN` or `USERNAME_TAKEN`", body = ErrorBody),
        (status = 413, description = "Too large", body = ErrorBody),
        (status = 415, description = "Not `application/json`", body = ErrorBody),
        (status = 422, description = "Wrong fields, or an easily guessed password", body = ErrorBody),
        (status = 429, description = "Too many sign-ups from this network", body = ErrorBody),
        (status = 503, description = "A dependency failed", body = ErrorBody),
    ),
    security(())
)]
pub(crate) async fn register(
    State(app): State<App>,
    source: RequestSource,
    ValidJson(input): ValidJson<RegisterRequest>,
) -> ApiResult<(StatusCode, TokenCookies, Json<RegisterResponse>)> {
    enforce_rate_limits(&app, &[(NETWORK_RATE_LIMIT, &source.network_key())]).await?;
    let mut user = create_account(&app, &input).await?;
    let login = login_lifecycle::new_login(&app, user.id, &source);
    let mut saved = users::create(&app.store, &user, &login).await?;
    if saved == UserSaveOutcome::SuperAdminExists {
        user.role = UserRole::Member;
        saved = users::create(&app.store, &user, &login).await?;
    }
    if saved != UserSaveOutcome::Applied {
        return Err(from_save_outcome(saved).into());
    }
    tracing::info!(user.id = %user.id, login.id = %login.id, "registered");
    if user.username.is_some() {
        chat_sync::try_sync_profile(&app, user.id).await;
    }
    let pair = TokenPair::for_login(&app, &login)?;
    let cookies = pair.cookies();
    let invite = input.invite_token.map(|_| InviteResult { status: "not_found" });
    Ok((
        StatusCode::CREATED,
        cookies,
        Json(RegisterResponse { welcome: LogInResponse::new(&user, pair), invite }),
    ))
}

async fn create_account(app: &App, input: &RegisterRequest) -> Result<User, Error> {
    let email = fields::parse_field("email", &input.email, EmailAddress::parse)?;
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
    let is_first_admin = app.settings.first_admin_email.as_deref() == Some(email.as_str());
    let now = app.clock.now();
    Ok(User {
        id: app.clock.new_id(),
        email: Some(email),
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
        role: if is_first_admin { UserRole::SuperAdmin } else { UserRole::Member },
        plan: app.settings.default_plan,
        status: AccountState::Active,
        restriction: None,
        password: Some(password),
        credentials_changed_at: now,
        created_at: now,
        updated_at: now,
    })
}
