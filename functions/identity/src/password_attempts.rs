//! Limits on wrong passwords, per account and per network. Only failures count, so that a whole office can log in from
//! one address (RELIABILITY 4).

use std::time::Duration;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use entry::{App, http::RequestSource};
use model::{Error, UserId};
use sha2::{Digest, Sha256};
use store::{RateLimit, identity::users::User, platform::rate_limits};

use crate::password_hash::{self, PasswordVerdict};

const WINDOW: Duration = Duration::from_mins(15);
const PER_ACCOUNT: RateLimit = RateLimit { name: "password", max_attempts: 10, window: WINDOW };
const PER_NETWORK: RateLimit = RateLimit { name: "password_from", max_attempts: 50, window: WINDOW };

/// The attempts at one account from one network.
pub(crate) struct PasswordAttempts<'a> {
    app: &'a App,
    account: String,
    network: String,
}

impl<'a> PasswordAttempts<'a> {
    /// Checks that the limits permit an attempt. It counts nothing yet.
    ///
    /// # Errors
    /// `RateLimited` if too many attempts have failed.
    pub(crate) async fn check_allowed(
        app: &'a App,
        account: String,
        source: &RequestSource,
    ) -> Result<Self, Error> {
        let network = source.network_key();
        let now = app.clock.now();
        let (by_account, by_network) = tokio::try_join!(
            rate_limits::check_attempts(&app.store, PER_ACCOUNT, &account, now),
            rate_limits::check_attempts(&app.store, PER_NETWORK, &network, now),
        )?;
        by_account.require_allowed()?;
        by_network.require_allowed()?;
        Ok(Self { app, account, network })
    }

    /// Counts a wrong password.
    ///
    /// # Errors
    /// `RateLimited` for the tenth failure and for failures that run concurrently with it. The caller does not learn
    /// whether the password was wrong, so concurrent guesses reveal no more than sequential ones.
    pub(crate) async fn record_failure(&self) -> Result<(), Error> {
        let now = self.app.clock.now();
        let (account, network) = tokio::join!(
            rate_limits::count_attempt(&self.app.store, PER_ACCOUNT, &self.account, now),
            rate_limits::count_attempt(&self.app.store, PER_NETWORK, &self.network, now),
        );
        account?.require_allowed()?;
        network?.require_allowed()
    }

    /// Checks the account's limit again, strongly consistent, before a right password is accepted. Concurrent requests
    /// may have failed in the meantime.
    ///
    /// # Errors
    /// `RateLimited` if too many attempts have failed.
    pub(crate) async fn recheck_allowed(&self) -> Result<(), Error> {
        rate_limits::check_attempts_strong(&self.app.store, PER_ACCOUNT, &self.account, self.app.clock.now())
            .await?
            .require_allowed()
    }
}

/// Returns the key that counts attempts at an account. It does not depend on the spelling of the identifier.
pub(crate) fn account_key(user: UserId) -> String {
    user.to_string()
}

/// Returns the key that counts attempts at an account that does not exist. It is hashed, because an identifier that a
/// person mistypes is private.
pub(crate) fn unknown_account_key(identifier: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(&Sha256::digest(identifier.trim().to_lowercase())[..16])
}

/// Checks the caller's password again, before an operation that a stolen token must not permit (ASVS 7.5.1).
///
/// # Errors
/// `Invalid` for `field` if the password is wrong, `RateLimited` if too many attempts have failed.
pub(crate) async fn confirm_password(
    app: &App,
    source: &RequestSource,
    user: &User,
    field: &'static str,
    password: &str,
) -> Result<(), Error> {
    let attempts = PasswordAttempts::check_allowed(app, account_key(user.id), source).await?;
    if password_hash::verify_password(password, user.password.as_ref()).await? == PasswordVerdict::Wrong {
        attempts.record_failure().await?;
        return Err(Error::field(field, "is wrong"));
    }
    attempts.recheck_allowed().await
}
