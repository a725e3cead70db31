//! The next token pair of a login session. Refresh tokens rotate. A token that comes again after the grace period was
//! stolen, and ends its login session (RELIABILITY 6).

use axum::{Json, extract::State};
use entry::{
    App,
    http::{ApiResult, ErrorBody, REFRESH_COOKIE, ValidJson, cookie_value},
    tokens::RefreshToken,
};
use garde::Validate;
use http::HeaderMap;
use jiff::{SignedDuration, Timestamp};
use model::Error;
use serde::Deserialize;
use store::{
    WriteOutcome,
    identity::{
        log_ins::{self, Login},
        users,
    },
};
use utoipa::ToSchema;

use crate::{
    login_lifecycle,
    token_pair::{TokenCookies, TokenPair},
};

/// How long the previous token still gets the current pair. Browser tabs refresh concurrently, and responses get lost.
const ROTATION_GRACE: SignedDuration = SignedDuration::from_secs(30);

const INVALID_TOKEN: Error =
    Error::Unauthenticated("the refresh token is invalid or has expired: log in again");

/// The refresh token of a login session.
#[derive(Deserialize, Validate, ToSchema)]
pub(crate) struct RefreshRequest {
    /// The refresh token. Without it, the cookie is used.
    #[garde(length(max = 4000))]
    pub(crate) refresh_token: Option<String>,
}

/// The relation of a token's generation to its login session.
#[derive(Debug, PartialEq, Eq)]
enum RefreshTokenStatus {
    Current,
    /// The previous generation, within the grace period. The response with its successor may have been lost.
    JustRotated,
    Reused,
    /// A generation that the login session has not reached.
    Impossible,
}

fn token_status(generation: u64, login: &Login, now: Timestamp) -> RefreshTokenStatus {
    if generation == login.generation {
        RefreshTokenStatus::Current
    } else if generation > login.generation {
        RefreshTokenStatus::Impossible
    } else if generation + 1 == login.generation && now.duration_since(login.rotated_at) <= ROTATION_GRACE {
        RefreshTokenStatus::JustRotated
    } else {
        RefreshTokenStatus::Reused
    }
}

/// Refresh the tokens
///
/// Returns the next token pair of a login session, in the body and as cookies. A refresh token works once. For 30
/// seconds more, it gets the same response again, because responses can get lost. If it comes later, it was stolen, and
/// the login session ends.
///
/// A login session ends 30 days after the login. Refreshing does not extend it.
#[utoipa::path(
    post,
    path = "/v1/auth/refresh",
    tag = "identity",
    operation_id = "refresh",
    request_body = Option<RefreshRequest>,
    responses(
        (status = 200, description = "The next token pair, also as cookies.", body = TokenPair),
        (
            status = 401,
            description = "The refresh token is missing, invalid, expired or was used before.",
            body = ErrorBody
        ),
    ),
    security(())
)]
pub(crate) async fn refresh(
    State(app): State<App>,
    headers: HeaderMap,
    ValidJson(input): ValidJson<RefreshRequest>,
) -> ApiResult<(TokenCookies, Json<TokenPair>)> {
    let token = input
        .refresh_token
        .as_deref()
        .or_else(|| cookie_value(&headers, REFRESH_COOKIE))
        .ok_or(INVALID_TOKEN)?;
    let token: RefreshToken = app.tokens.verify(token, app.clock.now()).await?.ok_or(INVALID_TOKEN)?;
    let login = current_login(&app, &token).await?;
    let now = app.clock.now();
    let user = users::get(&app.store, token.user, now).await?;
    if !user.is_some_and(|user| user.is_active(now)) {
        return Err(INVALID_TOKEN.into());
    }
    let pair = TokenPair::for_login(&app, &login).await?;
    Ok((pair.cookies(), Json(pair)))
}

/// Returns the login session in the generation whose pair the token gets.
async fn current_login(app: &App, token: &RefreshToken) -> Result<Login, Error> {
    let now = app.clock.now();
    let find = || log_ins::get_strong(&app.store, token.user, token.login, now);
    let mut login = find().await?.ok_or(INVALID_TOKEN)?;
    if token_status(token.generation, &login, now) == RefreshTokenStatus::Current {
        match log_ins::rotate(&app.store, &login, now).await? {
            WriteOutcome::Applied(rotated) => return Ok(rotated),
            // A concurrent request used the same token, or the SDK sent this write twice.
            WriteOutcome::ConditionFailed => login = find().await?.ok_or(INVALID_TOKEN)?,
        }
    }
    match token_status(token.generation, &login, now) {
        RefreshTokenStatus::JustRotated => Ok(login),
        RefreshTokenStatus::Reused => {
            login_lifecycle::revoke_login(app, token.user, token.login).await?;
            tracing::warn!(user.id = %token.user, login.id = %token.login, "a reused refresh token ended a login session");
            Err(INVALID_TOKEN)
        }
        RefreshTokenStatus::Current | RefreshTokenStatus::Impossible => Err(INVALID_TOKEN),
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_token_is_good_once_and_a_little_longer() {
        let now: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        let login = Login {
            user: Uuid::nil().into(),
            id: Uuid::nil().into(),
            generation: 7,
            rotated_at: now,
            created_at: now,
            expires_at: now + SignedDuration::from_hours(720),
            user_agent: None,
            ip: None,
            account_version: 1,
            ended_at: None,
        };
        let after = |seconds| now + SignedDuration::from_secs(seconds);
        assert_eq!(token_status(7, &login, after(9999)), RefreshTokenStatus::Current);
        assert_eq!(token_status(6, &login, after(30)), RefreshTokenStatus::JustRotated);
        assert_eq!(token_status(6, &login, after(31)), RefreshTokenStatus::Reused);
        assert_eq!(token_status(5, &login, after(0)), RefreshTokenStatus::Reused);
        assert_eq!(token_status(8, &login, after(0)), RefreshTokenStatus::Impossible);
    }
}
