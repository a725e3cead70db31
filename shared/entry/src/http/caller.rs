//! The callers of an HTTP request, as extractors. A handler runs only if its extractors succeed. A failed extractor
//! answers the request.

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use http::{Extensions, HeaderMap, header, request::Parts};
use model::{Error, LoginId, ParticipantId, SessionId, UserId, user::UserRole};
use store::{
    identity::{log_ins, users},
    sessions::roles::SessionCaller,
};

use super::{GatewayRequestContext, error::ApiError};
use crate::{
    App,
    tokens::{AccessToken, ParticipantToken},
};

/// The cookie of the access token. `__Host-` restricts it to TLS, to this host and to every path (ASVS 3.3).
pub const ACCESS_COOKIE: &str = "__Host-access";
/// The cookie of the refresh token.
pub const REFRESH_COOKIE: &str = "__Host-refresh";

/// An account with a valid log-in. A log-out, a new password and a deactivation take effect at the next request.
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

/// A participant of a session, identified by the token from joining.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GuestCaller {
    pub participant: ParticipantId,
    pub session: SessionId,
}

/// An account or a guest. `Option<Caller>` is `None` if the request has no credential. An invalid credential is refused
/// in both cases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    Account(AccountCaller),
    Guest(GuestCaller),
}

impl From<Caller> for SessionCaller {
    fn from(caller: Caller) -> Self {
        match caller {
            Caller::Account(AccountCaller { user, .. }) => Self::Account(user),
            Caller::Guest(GuestCaller { participant, session }) => Self::Guest { participant, session },
        }
    }
}

/// An account with its *current* role. It costs one more read, so that a revoked role is refused at the next request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StaffCaller {
    pub account: AccountCaller,
    pub role: UserRole,
}

/// A moderator or a higher role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModeratorCaller(pub StaffCaller);

/// An admin or a higher role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AdminCaller(pub StaffCaller);

/// The super admin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SuperAdminCaller(pub StaffCaller);

/// The source of a request, as API Gateway saw it. Headers that a client can set are ignored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestSource {
    pub ip: String,
    pub user_agent: Option<String>,
}

/// The time at which API Gateway received the request, in milliseconds since 1970. It orders two requests of which one
/// overtook the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReceivedAt(pub i64);

impl FromRequestParts<App> for ReceivedAt {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let received = match parts.extensions.get::<GatewayRequestContext>() {
            Some(context) if context.time_epoch > 0 => context.time_epoch,
            _ => app.clock.millis(),
        };
        Ok(Self(received))
    }
}

enum RequestCredential<'a> {
    Bearer(&'a str),
    Cookie(&'a str),
}

/// Returns the credential of a request. A bearer token takes precedence over a cookie.
fn credential(headers: &HeaderMap) -> Option<RequestCredential<'_>> {
    if headers.contains_key(header::AUTHORIZATION) {
        // an unreadable header is an invalid credential, not an absent one
        return Some(RequestCredential::Bearer(bearer_token(headers).unwrap_or_default()));
    }
    cookie_value(headers, ACCESS_COOKIE).map(RequestCredential::Cookie)
}

/// Returns the token of `Authorization: Bearer`.
pub fn bearer_token(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

/// Returns the value of a cookie.
pub fn cookie_value<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .find_map(|pair| pair.trim().split_once('=').filter(|(key, _)| *key == name).map(|(_, value)| value))
}

/// Returns whether a cookie authenticates the request.
pub(super) fn credential_is_cookie(headers: &HeaderMap) -> bool {
    !headers.contains_key(header::AUTHORIZATION)
        && [ACCESS_COOKIE, REFRESH_COOKIE].iter().any(|name| cookie_value(headers, name).is_some())
}

/// Returns the subject of the token without checking in the table that the log-in is valid. It only separates the
/// stored data of different callers.
pub(super) async fn unverified_subject(app: &App, headers: &HeaderMap) -> Result<Option<String>, Error> {
    let Some(RequestCredential::Bearer(token) | RequestCredential::Cookie(token)) = credential(headers)
    else {
        return Ok(None);
    };
    let now = app.clock.now();
    if let Some(access) = app.tokens.verify::<AccessToken>(token, now).await? {
        return Ok(Some(format!("user:{}", access.user)));
    }
    let guest = app.tokens.verify::<ParticipantToken>(token, now).await?;
    Ok(guest.map(|guest| format!("participant:{}", guest.participant)))
}

const NO_CREDENTIAL: &str = "log in and send the access token in `Authorization: Bearer` or the cookie";
const BAD_CREDENTIAL: &str = "the token is invalid or has expired: log in again";

/// Returns the account of an access token.
///
/// # Errors
/// Returns `Unauthenticated` if the token or its log-in is not valid.
pub async fn authenticate_account(app: &App, token: &str) -> Result<AccountCaller, Error> {
    let now = app.clock.now();
    let AccessToken { user, login } =
        app.tokens.verify(token, now).await?.ok_or(Error::Unauthenticated(BAD_CREDENTIAL))?;
    log_ins::get(&app.store, user, login, now).await?.ok_or(Error::Unauthenticated(BAD_CREDENTIAL))?;
    tracing::Span::current().record("user", tracing::field::display(user));
    Ok(AccountCaller { user, login })
}

/// Returns the guest of a participant token, and `None` for any other token.
async fn authenticate_guest(app: &App, token: &str) -> Result<Option<GuestCaller>, Error> {
    let token = app.tokens.verify(token, app.clock.now()).await?;
    Ok(token.map(|ParticipantToken { participant, session }| GuestCaller { participant, session }))
}

async fn authenticate(app: &App, credential: RequestCredential<'_>) -> Result<Caller, Error> {
    match credential {
        RequestCredential::Bearer(token) => match authenticate_guest(app, token).await? {
            Some(guest) => Ok(Caller::Guest(guest)),
            None => Ok(Caller::Account(authenticate_account(app, token).await?)),
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
            Some(RequestCredential::Bearer(token)) => {
                let guest = authenticate_guest(app, token).await?;
                Ok(guest.ok_or(Error::Unauthenticated(BAD_CREDENTIAL))?)
            }
            _ => Err(Error::Unauthenticated(
                "send the participant_token of the session in `Authorization: Bearer`",
            )
            .into()),
        }
    }
}

async fn authenticate_staff(
    parts: &mut Parts,
    app: &App,
    lowest: UserRole,
    refusal: &'static str,
) -> Result<StaffCaller, ApiError> {
    let account = <AccountCaller as FromRequestParts<App>>::from_request_parts(parts, app).await?;
    let now = app.clock.now();
    match users::get_strong(&app.store, account.user, now).await? {
        Some(user) if user.role >= lowest && user.is_active(now) => {
            Ok(StaffCaller { account, role: user.role })
        }
        _ => Err(Error::forbidden(refusal).into()),
    }
}

/// Makes an extractor from each line of a table: the type, the lowest role, and the message for other callers.
macro_rules! staff {
    ($($name:ident, $role:ident, $refusal:literal;)*) => {$(
        impl FromRequestParts<App> for $name {
            type Rejection = ApiError;
            async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
                Ok(Self(authenticate_staff(parts, app, UserRole::$role, $refusal).await?))
            }
        }
    )*};
}

staff! {
    ModeratorCaller, Moderator, "only moderators and higher roles may do this";
    AdminCaller, Admin, "only admins and higher roles may do this";
    SuperAdminCaller, SuperAdmin, "only the super admin may do this";
}

impl FromRequestParts<App> for RequestSource {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, ApiError> {
        Ok(Self::from_request(&parts.extensions, &parts.headers))
    }
}

impl RequestSource {
    pub(super) fn from_request(extensions: &Extensions, headers: &HeaderMap) -> Self {
        let context = extensions.get::<GatewayRequestContext>();
        let ip = context.and_then(|context| context.http.source_ip.clone());
        let user_agent = headers
            .get(header::USER_AGENT)
            .and_then(|value| value.to_str().ok())
            .map(|agent| agent.chars().take(200).collect());
        Self { ip: ip.unwrap_or_else(|| "unknown".into()), user_agent }
    }
}
