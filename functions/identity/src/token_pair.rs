//! The two tokens of a login session, in the body and as cookies.

use axum::response::AppendHeaders;
use entry::{
    App,
    http::{ACCESS_COOKIE, REFRESH_COOKIE},
    tokens::{ACCESS_TOKEN_LIFETIME, AccessToken, RefreshToken},
};
use http::{HeaderName, header::SET_COOKIE};
use jiff::{SignedDuration, Timestamp};
use model::Error;
use serde::Serialize;
use store::identity::log_ins::Login;
use utoipa::ToSchema;

const ALMOST_A_SECOND: SignedDuration = SignedDuration::from_millis(999);

/// Two `Set-Cookie` headers.
pub(crate) type TokenCookies = AppendHeaders<[(HeaderName, String); 2]>;

#[derive(Clone, Debug, Serialize, ToSchema)]
/// The two tokens of a login session.
pub(crate) struct TokenPair {
    access_token: String,
    refresh_token: String,
    #[schema(example = "bearer")]
    token_type: &'static str,
    /// Seconds until the access token expires.
    #[schema(example = 900)]
    expires_in: i64,
    #[serde(skip)]
    refresh_expires_in: i64,
}

impl TokenPair {
    /// Returns the tokens of a login session's generation. They are the same each time, so a client that lost the
    /// response gets the same tokens from a retry.
    pub(crate) async fn for_login(app: &App, login: &Login) -> Result<Self, Error> {
        let Login { user, id, generation, rotated_at, expires_at, .. } = *login;
        let access = AccessToken { user, login: id };
        let refresh = RefreshToken { user, login: id, generation };
        let now = app.clock.now();
        // Rounded up, so that a token that was signed a moment ago has 900 s left, not 899.
        let left = |until: Timestamp| until.duration_since(now).max(SignedDuration::ZERO) + ALMOST_A_SECOND;
        let access_until = expires_at.min(rotated_at + ACCESS_TOKEN_LIFETIME);
        Ok(Self {
            access_token: app.tokens.sign_until(&access, rotated_at, access_until).await?,
            refresh_token: app.tokens.sign_until(&refresh, rotated_at, expires_at).await?,
            token_type: "bearer",
            expires_in: left(access_until).as_secs(),
            refresh_expires_in: left(expires_at).as_secs(),
        })
    }

    /// Returns the cookies. They are `SameSite=Lax` and not `Strict`, so that a link to the app finds the user logged
    /// in. `entry` requires a proof for writes.
    pub(crate) fn cookies(&self) -> TokenCookies {
        AppendHeaders([
            cookie(ACCESS_COOKIE, &self.access_token, self.expires_in),
            cookie(REFRESH_COOKIE, &self.refresh_token, self.refresh_expires_in),
        ])
    }
}

/// Returns cookies that delete both tokens in the browser.
pub(crate) fn clear_cookies() -> TokenCookies {
    AppendHeaders([cookie(ACCESS_COOKIE, "", 0), cookie(REFRESH_COOKIE, "", 0)])
}

fn cookie(name: &str, value: &str, max_age: i64) -> (HeaderName, String) {
    (SET_COOKIE, format!("{name}={value}; Max-Age={max_age}; Path=/; Secure; HttpOnly; SameSite=Lax"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_for_this_host_over_tls_and_not_for_scripts() {
        for (_, cookie) in clear_cookies().0 {
            assert!(cookie.starts_with("__Host-"), "{cookie}");
            assert!(cookie.ends_with("=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Lax"), "{cookie}");
        }
    }
}
