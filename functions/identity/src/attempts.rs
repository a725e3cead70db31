//! How often a password may be guessed: per account and per network, failures only, so that a whole office logs in
//! from one address (RELIABILITY 4).

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

/// The guesses at one account from one network.
pub(crate) struct PasswordAttempts<'a> {
    app: &'a App,
    account: String,
    network: String,
}

impl<'a> PasswordAttempts<'a> {
    /// Refuses where too many have failed; counts nothing yet.
    pub(crate) async fn check_allowed(
        app: &'a App,
        account: String,
        source: &RequestSource,
    ) -> Result<Self, Error> {
        let (network, now) = (source.network_key(), app.clock.now());
        let (by_account, by_network) = tokio::try_join!(
            rate_limits::check_attempts(&app.store, PER_ACCOUNT, &account, now),
            rate_limits::check_attempts(&app.store, PER_NETWORK, &network, now),
        )?;
        by_account.require_allowed()?;
        by_network.require_allowed()?;
        Ok(Self { app, account, network })
    }

    /// Counts a wrong password. The tenth and those that fail beside it are refused, not answered: nobody learns more
    /// by guessing at once than one after the other.
    pub(crate) async fn record_failure(&self) -> Result<(), Error> {
        let now = self.app.clock.now();
        let (account, network) = tokio::join!(
            rate_limits::count_attempt(&self.app.store, PER_ACCOUNT, &self.account, now),
            rate_limits::count_attempt(&self.app.store, PER_NETWORK, &self.network, now),
        );
        account?.require_allowed()?;
        network?.require_allowed()
    }

    /// The last word before a right password counts: were there too many wrong ones meanwhile?
    pub(crate) async fn recheck_allowed(&self) -> Result<(), Error> {
        rate_limits::check_attempts_strong(&self.app.store, PER_ACCOUNT, &self.account, self.app.clock.now())
            .await?
            .require_allowed()
    }
}

/// The name under which guesses at an account are counted, however it was spelled.
pub(crate) fn account_key(user: UserId) -> String {
    user.to_string()
}

/// The name under which guesses at an account are counted that does not exist. Hashed: what people mistype is theirs.
pub(crate) fn unknown_account_key(identifier: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(&Sha256::digest(identifier.trim().to_lowercase())[..16])
}

/// Makes the caller prove once more who they are, before what a stolen token must not do (ASVS 7.5.1).
///
/// # Errors
/// `Invalid` for `field` where the password is wrong.
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
