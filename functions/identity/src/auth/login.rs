//! Login with a password. Neither the response nor its time reveals which accounts exist.

use std::collections::BTreeMap;

use axum::{
    Form, Json,
    body::Body,
    extract::{FromRequest, Request, State},
};
use entry::{
    App,
    http::{ApiError, ApiResult, ErrorBody, REFRESH_COOKIE, RequestSource, ValidJson, cookie_value},
    tokens::RefreshToken,
};
use garde::Validate;
use http::{HeaderMap, HeaderValue, header};
use jiff::Timestamp;
use model::{
    Error, ErrorCode, UserId, text,
    user::{AccountState, EmailAddress, RestrictionKind, Username},
};
use serde::Deserialize;
use store::identity::users::{self, User};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    login_lifecycle::{self, LogInResponse},
    password_attempts::PasswordAttempts,
    password_hash::{self, PasswordVerdict},
    token_pair::TokenCookies,
};

const WRONG_CREDENTIALS: Error = Error::Unauthenticated("the e-mail address, user name or password is wrong");

/// The credentials of an account.
#[derive(Deserialize, Validate, ToSchema)]
pub(crate) struct LogInRequest {
    /// An e-mail address or a user name. One of `email`, `username` and `login` is required, and each accepts both.
    #[garde(length(max = 300), inner(custom(text::line)))]
    #[schema(max_length = 300, example = "ana@example.com")]
    email: Option<String>,
    /// Same as `email`.
    #[garde(length(max = 300), inner(custom(text::line)))]
    #[schema(max_length = 300)]
    username: Option<String>,
    /// Same as `email`.
    #[garde(length(max = 300), inner(custom(text::line)))]
    #[schema(max_length = 300)]
    login: Option<String>,
    #[garde(length(max = 1000))]
    #[schema(format = Password, max_length = 1000, example = "correct horse battery staple")]
    password: String,
    /// The refresh token of an earlier log-in on this device, if the client has one. Wrong passwords that other clients
    /// sent do not refuse such a device. Without it, the cookie is used. An invalid token is ignored.
    #[garde(length(max = 4000))]
    #[schema(max_length = 4000)]
    refresh_token: Option<String>,
}

/// The credentials, from a JSON body or from the form that OAuth 2 password clients send.
pub(crate) struct LogInBody(LogInRequest);

impl FromRequest<App> for LogInBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &App) -> Result<Self, ApiError> {
        let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let is_form =
            content_type.is_some_and(|value| value.starts_with("application/x-www-form-urlencoded"));
        let request = if is_form { form_to_json(request, app).await? } else { request };
        let ValidJson(credentials) = ValidJson::from_request(request, app).await?;
        Ok(Self(credentials))
    }
}

/// Converts a form to a JSON request, so that one set of rules validates both.
async fn form_to_json(request: Request, app: &App) -> Result<Request, ApiError> {
    let Form(fields): Form<BTreeMap<String, String>> = Form::from_request(request, app)
        .await
        .map_err(|error| Error::Malformed(format!("the body is not a valid form: {}", error.body_text())))?;
    let body = Body::from(serde_json::to_vec(&fields).map_err(Error::internal)?);
    let mut request = Request::new(body);
    request.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(request)
}

/// Log in
///
/// Checks the credentials and begins a login session. Returns its tokens in the body and as cookies. Also at
/// `/v1/auth/login/json`. The body may also be the form of OAuth 2 password clients, with `username` and `password`.
///
/// The response has no cookies if the body is a form, or if a page of an origin that is not allowed sent the request.
///
/// An account has at most 20 login sessions. The next login ends the oldest one.
#[utoipa::path(
    post,
    path = "/v1/auth/login",
    tag = "identity",
    operation_id = "log_in",
    request_body(content((LogInRequest = "application/json"), (LogInRequest = "application/x-www-form-urlencoded"))),
    responses(
        (status = 200, description = "The account and a new login session.", body = LogInResponse),
        (status = 400, description = "The body is neither valid JSON nor a valid form.", body = ErrorBody),
        (status = 401, description = "The account does not exist or the password is wrong.", body = ErrorBody),
        (
            status = 403,
            description = "`ACCOUNT_DISABLED`: the password is right, but the account is disabled, banned or suspended.",
            body = ErrorBody
        ),
        (status = 415, description = "The body is neither `application/json` nor a form.", body = ErrorBody),
        (
            status = 429,
            description = "Too many wrong passwords from this device or network. Retry after `Retry-After` seconds.",
            body = ErrorBody
        ),
    ),
    security(())
)]
pub(crate) async fn log_in(
    State(app): State<App>,
    source: RequestSource,
    headers: HeaderMap,
    LogInBody(input): LogInBody,
) -> ApiResult<(TokenCookies, Json<LogInResponse>)> {
    let identifier = input.email.as_deref().or(input.login.as_deref()).or(input.username.as_deref());
    let identifier = identifier.ok_or_else(|| Error::field("email", "is required"))?;
    let user = find_by_identifier(&app, identifier).await?;
    let token = input.refresh_token.as_deref().or_else(|| cookie_value(&headers, REFRESH_COOKIE));
    let device: Option<RefreshToken> = app.tokens.verify_optional(token, app.clock.now()).await?;
    let id = user.as_ref().map(|user| user.id);
    let attempts = PasswordAttempts::check_login_allowed(&app, identifier, id, device, &source).await?;
    let hash = user.as_ref().and_then(|user| user.password.as_ref());
    let verdict = password_hash::verify_password(&input.password, hash).await?;
    let Some(user) = user.filter(|_| verdict != PasswordVerdict::Wrong) else {
        attempts.record_failure().await?;
        tracing::info!(reason = "wrong password or unknown account", "login refused");
        return Err(WRONG_CREDENTIALS.into());
    };
    attempts.recheck_allowed().await?;
    if let Some(why) = restriction_message(&user, app.clock.now()) {
        tracing::info!(user.id = %user.id, reason = "disabled", "login refused");
        return Err(Error::Forbidden(ErrorCode::AccountDisabled, why).into());
    }
    if verdict == PasswordVerdict::RightButWeak {
        let renewed = password_hash::rehash_password(&input.password).await?;
        users::rehash_password(&app.store, &user, &renewed, app.clock.now()).await?;
        tracing::info!(user.id = %user.id, "password hash renewed");
    }
    let pair = login_lifecycle::begin_login(&app, &user, &source).await?;
    tracing::info!(user.id = %user.id, "logged in");
    Ok((pair.cookies(), Json(LogInResponse::new(&user, pair))))
}

/// Returns why an account may not log in although its password is right.
fn restriction_message(user: &User, now: Timestamp) -> Option<String> {
    if user.status == AccountState::Disabled {
        return Some("this account is disabled: ask an administrator".into());
    }
    let restriction = user.active_restriction(now)?;
    let what = match restriction.kind {
        RestrictionKind::Ban => "banned",
        RestrictionKind::Suspension => "suspended",
    };
    Some(match restriction.until {
        Some(until) => format!("this account is {what} until {until:.0}"),
        None => format!("this account is {what}: ask an administrator"),
    })
}

/// Returns the account of an e-mail address or a user name. An unknown one causes the same reads.
async fn find_by_identifier(app: &App, identifier: &str) -> Result<Option<User>, Error> {
    let now = app.clock.now();
    let id = match (EmailAddress::parse(identifier), Username::parse(identifier.trim())) {
        (Ok(email), _) => users::id_by_email(&app.store, &email, now).await?,
        (_, Ok(username)) => users::id_by_username(&app.store, &username, now).await?,
        // No account has an identifier of this form, so a faster response reveals nothing.
        _ => None,
    };
    let id = id.unwrap_or_else(|| UserId::from(Uuid::nil()));
    Ok(users::get_strong(&app.store, id, now).await?)
}
