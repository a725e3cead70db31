//! Limits on wrong passwords. Only failures count, so that a whole office can log in from one address (RELIABILITY 4).
//!
//! A wrong password from a stranger must not lock the person out. Therefore each attempt counts where it comes from:
//!
//! | the attempt comes from | counters in 15 minutes |
//! | --- | --- |
//! | a caller who is logged in, or a device with a refresh token | 10 per log-in |
//! | a network from which the account logged in within 90 days | 10 per account and network, 20 per account |
//! | any other network | 10 per account and network, 20 per account, 50 per network |
//!
//! The counters of known and of other networks are separate. One counter per account was rejected, because any
//! client could fill it.

use std::time::Duration;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use entry::{
    App,
    http::{AccountCaller, RequestSource},
    tokens::RefreshToken,
};
use futures::future::{join_all, try_join_all};
use model::{
    Error, LoginId, UserId,
    user::{EmailAddress, Username},
};
use sha2::{Digest, Sha256};
use store::{
    RateLimit,
    identity::{known_networks, log_ins, users::User},
    platform::rate_limits,
};
use uuid::Uuid;

use crate::password_hash::{self, PasswordVerdict};

const WINDOW: Duration = Duration::from_mins(15);
const PER_LOGIN: RateLimit = RateLimit { name: "password_login", max_attempts: 10, window: WINDOW };
const PER_ACCOUNT_AND_NETWORK: RateLimit = RateLimit { name: "password", max_attempts: 10, window: WINDOW };
/// All networks of one kind together. It limits a client that has many networks.
const PER_ACCOUNT: RateLimit = RateLimit { name: "password_account", max_attempts: 20, window: WINDOW };
const PER_NETWORK: RateLimit = RateLimit { name: "password_from", max_attempts: 50, window: WINDOW };

/// The attempts of one caller at one account.
pub(crate) struct PasswordAttempts<'a> {
    app: &'a App,
    counters: Vec<AttemptCounter>,
}

struct AttemptCounter {
    limit: RateLimit,
    name: String,
    /// Whether the counter refuses attempts. A counter that does not is written for equal costs of all attempts.
    refuses: bool,
}

impl AttemptCounter {
    const fn new(limit: RateLimit, name: String) -> Self {
        Self { limit, name, refuses: true }
    }
}

impl<'a> PasswordAttempts<'a> {
    /// Checks that the limits permit a log-in to the account of an identifier. It counts nothing yet. `user` is `None`
    /// if there is no such account. `device` is the log-in of a refresh token that the client sent.
    ///
    /// # Errors
    /// `RateLimited` if too many attempts have failed.
    pub(crate) async fn check_login_allowed(
        app: &'a App,
        identifier: &str,
        user: Option<UserId>,
        device: Option<RefreshToken>,
        source: &RequestSource,
    ) -> Result<Self, Error> {
        if let Some(login) = valid_login(app, user, device).await? {
            return Self::check_allowed(app, login_counters(login)).await;
        }
        let network = source.network_key();
        // an unknown account causes the same read
        let id = user.unwrap_or_else(|| UserId::from(Uuid::nil()));
        let is_known = known_networks::is_known(&app.store, id, &network, app.clock.now()).await?;
        Self::check_allowed(app, network_counters(&account_key(identifier), &network, is_known)).await
    }

    async fn check_allowed(app: &'a App, counters: Vec<AttemptCounter>) -> Result<Self, Error> {
        let now = app.clock.now();
        let checks = counters
            .iter()
            .map(|counter| rate_limits::check_attempts(&app.store, counter.limit, &counter.name, now));
        let outcomes = try_join_all(checks).await?;
        for (counter, outcome) in counters.iter().zip(outcomes) {
            if counter.refuses {
                outcome.require_allowed()?;
            }
        }
        Ok(Self { app, counters })
    }

    /// Counts a wrong password.
    ///
    /// # Errors
    /// `RateLimited` for the failure that reaches the limit and for failures that run concurrently with it. The caller
    /// does not learn whether the password was wrong, so concurrent guesses reveal no more than sequential ones.
    pub(crate) async fn record_failure(&self) -> Result<(), Error> {
        let now = self.app.clock.now();
        let counts = self
            .counters
            .iter()
            .map(|counter| rate_limits::count_attempt(&self.app.store, counter.limit, &counter.name, now));
        // each counter is written, even if the write of another one fails
        for (counter, outcome) in self.counters.iter().zip(join_all(counts).await) {
            let outcome = outcome?;
            if counter.refuses {
                outcome.require_allowed()?;
            }
        }
        Ok(())
    }

    /// Checks the account's limits again, strongly consistent, before a right password is accepted. Concurrent requests
    /// may have failed in the meantime.
    ///
    /// # Errors
    /// `RateLimited` if too many attempts have failed.
    pub(crate) async fn recheck_allowed(&self) -> Result<(), Error> {
        let now = self.app.clock.now();
        let of_account =
            self.counters.iter().filter(|counter| counter.refuses && counter.limit.name != PER_NETWORK.name);
        let checks = of_account.map(|counter| {
            rate_limits::check_attempts_strong(&self.app.store, counter.limit, &counter.name, now)
        });
        for outcome in try_join_all(checks).await? {
            outcome.require_allowed()?;
        }
        Ok(())
    }
}

fn login_counters(login: LoginId) -> Vec<AttemptCounter> {
    vec![AttemptCounter::new(PER_LOGIN, login.to_string())]
}

fn network_counters(account: &str, network: &str, is_known: bool) -> Vec<AttemptCounter> {
    let networks = if is_known { "known" } else { "other" };
    vec![
        AttemptCounter::new(PER_ACCOUNT_AND_NETWORK, format!("{account}#{network}")),
        AttemptCounter::new(PER_ACCOUNT, format!("{account}#{networks}")),
        // guesses at other accounts from the person's own network must not lock the person out
        AttemptCounter { refuses: !is_known, ..AttemptCounter::new(PER_NETWORK, network.to_owned()) },
    ]
}

/// Returns the log-in of a refresh token if it is a log-in of the account and has not ended. The generation of the token
/// does not matter, because the token only selects the counter.
async fn valid_login(
    app: &App,
    user: Option<UserId>,
    device: Option<RefreshToken>,
) -> Result<Option<LoginId>, Error> {
    let Some(token) = device.filter(|token| Some(token.user) == user) else { return Ok(None) };
    let login = log_ins::get(&app.store, token.user, token.login, app.clock.now()).await?;
    Ok(login.map(|login| login.id))
}

/// Returns the key that counts attempts at an identifier, whether or not it has an account. It folds the identifier as
/// the log-in does. An e-mail address and a user name have keys of their own, because a common key would reveal that they
/// are of one person. It is hashed, because an identifier that a person mistypes is private.
pub(crate) fn account_key(identifier: &str) -> String {
    let folded = match (EmailAddress::parse(identifier), Username::parse(identifier.trim())) {
        (Ok(email), _) => email.as_str().to_owned(),
        (_, Ok(username)) => username.folded(),
        _ => identifier.trim().to_ascii_lowercase(),
    };
    BASE64_URL_SAFE_NO_PAD.encode(&Sha256::digest(folded)[..16])
}

/// Checks the caller's password again, before an operation that a stolen token must not permit (ASVS 7.5.1). The limit
/// is per log-in, so other clients cannot use it up.
///
/// # Errors
/// `Invalid` for `field` if the password is wrong, `RateLimited` if too many attempts have failed.
pub(crate) async fn confirm_password(
    app: &App,
    account: AccountCaller,
    user: &User,
    field: &'static str,
    password: &str,
) -> Result<(), Error> {
    let attempts = PasswordAttempts::check_allowed(app, login_counters(account.login)).await?;
    if password_hash::verify_password(password, user.password.as_ref()).await? == PasswordVerdict::Wrong {
        attempts.record_failure().await?;
        return Err(Error::field(field, "is wrong"));
    }
    attempts.recheck_allowed().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_counted_as_the_log_in_reads_them() {
        assert_eq!(account_key(" Kate@Example.com "), account_key("kate@example.com"));
        assert_eq!(account_key("KATE"), account_key("kate"));
        // U+212A is a K to Unicode, but the log-in does not find kate@example.com by it
        assert_ne!(account_key("\u{212a}ate@example.com"), account_key("kate@example.com"));
        assert_ne!(account_key("kate"), account_key("kate@example.com"));
    }
}
