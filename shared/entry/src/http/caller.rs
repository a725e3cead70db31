//! Who calls. By the first line of a handler this is settled: an extractor that fails answers for it.

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use http::{Extensions, HeaderMap, header, request::Parts};
use lambda_http::request::RequestContext::ApiGatewayV2;
use model::{Error, LoginId, ParticipantId, SessionId, UserId, user::UserRole};
use store::{
    identity::{log_ins, users},
    sessions::roles::SessionCaller,
};

use super::error::ApiError;
use crate::{
    App,
    tokens::{AccessToken, ParticipantToken},
};

/// `__Host-`: only over TLS, only for this host, for every path (ASVS 3.3).
pub const ACCESS_COOKIE: &str = "__Host-access";
pub const REFRESH_COOKIE: &str = "__Host-refresh";

/// An account on a log-in that still counts: log-out, a new password and disabling end it with the next request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountCaller {
    pub user: UserId,
    pub login: LoginId,
}

impl From<AccountCaller> for AccessToken {
    fn from(AccountCaller { user, login }: AccountCaller) -> Self {
        Self { user, login }
    }
}

/// Someone in a session, by the token they got when they joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GuestCaller {
    pub participant: ParticipantId,
    pub session: SessionId,
}

/// An account or a guest. `Option<Caller>` is `None` where no credential came along; a bad one is refused all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    Account(AccountCaller),
    Guest(GuestCaller),
}

/// As whom the table knows the caller.
impl From<Caller> for SessionCaller {
    fn from(caller: Caller) -> Self {
        match caller {
            Caller::Account(AccountCaller { user, .. }) => Self::Account(user),
            Caller::Guest(GuestCaller { participant, session }) => Self::Guest { participant, session },
        }
    }
}

/// An account with the role that it has *now*: one more read, so that a lost role is lost with the next request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StaffCaller {
    pub account: AccountCaller,
    pub role: UserRole,
}

/// Staff from this role upwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModeratorCaller(pub StaffCaller);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AdminCaller(pub StaffCaller);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SuperAdminCaller(pub StaffCaller);

/// Where the request came from, as API Gateway saw it; headers that a client can write are not looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestSource {
    pub ip: String,
    pub user_agent: Option<String>,
}

/// Milliseconds since 1970 at which API Gateway received the request: the order of two that overtook each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReceivedAt(pub i64);

impl FromRequestParts<App> for ReceivedAt {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let received = match parts.extensions.get() {
            Some(ApiGatewayV2(context)) if context.time_epoch > 0 => context.time_epoch,
            _ => app.clock.millis(),
        };
        Ok(Self(received))
    }
}

enum RequestCredential<'a> {
    Bearer(&'a str),
    Cookie(&'a str),
}

/// A bearer token wins over a cookie.
fn credential(headers: &HeaderMap) -> Option<RequestCredential<'_>> {
    if headers.contains_key(header::AUTHORIZATION) {
        // a header that cannot be read is a credential that does not count, not none
        return Some(RequestCredential::Bearer(bearer_token(headers).unwrap_or_default()));
    }
    cookie_value(headers, ACCESS_COOKIE).map(RequestCredential::Cookie)
}

/// The token of `Authorization: Bearer`.
pub fn bearer_token(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

/// The value of a cookie.
pub fn cookie_value<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .find_map(|pair| pair.trim().split_once('=').filter(|(key, _)| *key == name).map(|(_, value)| value))
}

pub(super) fn credential_is_cookie(headers: &HeaderMap) -> bool {
    !headers.contains_key(header::AUTHORIZATION)
        && [ACCESS_COOKIE, REFRESH_COOKIE].iter().any(|name| cookie_value(headers, name).is_some())
}

/// Who a request speaks for, without asking the table whether the log-in still counts: a name to file things under.
pub(super) fn unverified_subject(app: &App, headers: &HeaderMap) -> Option<String> {
    let token = match credential(headers)? {
        RequestCredential::Bearer(token) | RequestCredential::Cookie(token) => token,
    };
    let now = app.clock.now();
    app.tokens.verify::<AccessToken>(token, now).map(|access| format!("user:{}", access.user)).or_else(|| {
        let guest = app.tokens.verify::<ParticipantToken>(token, now)?;
        Some(format!("participant:{}", guest.participant))
    })
}

const NO_CREDENTIAL: &str = "sign in: no access token came along";
const BAD_CREDENTIAL: &str = "the token is not valid, or no longer";

/// The account behind an access token, if its log-in still counts.
pub async fn authenticate_account(app: &App, token: &str) -> Result<AccountCaller, Error> {
    let now = app.clock.now();
    let AccessToken { user, login } =
        app.tokens.verify(token, now).ok_or(Error::Unauthenticated(BAD_CREDENTIAL))?;
    log_ins::get(&app.store, user, login, now).await?.ok_or(Error::Unauthenticated(BAD_CREDENTIAL))?;
    tracing::Span::current().record("user", tracing::field::display(user));
    Ok(AccountCaller { user, login })
}

fn authenticate_guest(app: &App, token: &str) -> Result<GuestCaller, Error> {
    let token = app.tokens.verify::<ParticipantToken>(token, app.clock.now());
    let ParticipantToken { participant, session } = token.ok_or(Error::Unauthenticated(BAD_CREDENTIAL))?;
    Ok(GuestCaller { participant, session })
}

async fn authenticate(app: &App, credential: RequestCredential<'_>) -> Result<Caller, Error> {
    match credential {
        RequestCredential::Bearer(token) => match authenticate_guest(app, token) {
            Ok(guest) => Ok(Caller::Guest(guest)),
            Err(_) => Ok(Caller::Account(authenticate_account(app, token).await?)),
        },
        RequestCredential::Cookie(token) => Ok(Caller::Account(authenticate_account(app, token).await?)),
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let credential = credential(&parts.headers).ok_or(Error::Unauthenticated(NO_CREDENTIAL))?;
        Ok(authenticate(app, credential).await?)
    }
}

impl OptionalFromRequestParts<App> for Caller {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Option<Self>, ApiError> {
        match credential(&parts.headers) {
            None => Ok(None),
            Some(credential) => Ok(Some(authenticate(app, credential).await?)),
        }
    }
}

impl FromRequestParts<App> for AccountCaller {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        match credential(&parts.headers).ok_or(Error::Unauthenticated(NO_CREDENTIAL))? {
            RequestCredential::Bearer(token) | RequestCredential::Cookie(token) => {
                Ok(authenticate_account(app, token).await?)
            }
        }
    }
}

impl FromRequestParts<App> for GuestCaller {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        match credential(&parts.headers) {
            Some(RequestCredential::Bearer(token)) => Ok(authenticate_guest(app, token)?),
            _ => Err(Error::Unauthenticated("the participant_token of the session must come along").into()),
        }
    }
}

async fn authenticate_staff(
    parts: &mut Parts,
    app: &App,
    least: UserRole,
    others: &'static str,
) -> Result<StaffCaller, ApiError> {
    let account = <AccountCaller as FromRequestParts<App>>::from_request_parts(parts, app).await?;
    let now = app.clock.now();
    match users::get_strong(&app.store, account.user, now).await? {
        Some(user) if user.role >= least && user.is_active(now) => {
            Ok(StaffCaller { account, role: user.role })
        }
        _ => Err(Error::forbidden(others).into()),
    }
}

macro_rules! staff {
    ($($name:ident, $role:ident, $others:literal;)*) => {$(
        impl FromRequestParts<App> for $name {
            type Rejection = ApiError;
            async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
                Ok(Self(authenticate_staff(parts, app, UserRole::$role, $others).await?))
            }
        }
    )*};
}

staff! {
    ModeratorCaller, Moderator, "moderators only";
    AdminCaller, Admin, "admins only";
    SuperAdminCaller, SuperAdmin, "the first admin only";
}

impl FromRequestParts<App> for RequestSource {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, ApiError> {
        Ok(Self::from_request(&parts.extensions, &parts.headers))
    }
}

impl RequestSource {
    pub(super) fn from_request(extensions: &Extensions, headers: &HeaderMap) -> Self {
        let ip = match extensions.get() {
            Some(ApiGatewayV2(context)) => context.http.source_ip.clone(),
            _ => None,
        };
        let user_agent = headers
            .get(header::USER_AGENT)
            .and_then(|value| value.to_str().ok())
            .map(|agent| agent.chars().take(200).collect());
        Self { ip: ip.unwrap_or_else(|| "unknown".into()), user_agent }
    }
}
