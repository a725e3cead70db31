//! Beginning login sessions, and ending them with their sockets.

use entry::{App, http::RequestSource, log_ins::end_revoked_logins, tokens::REFRESH_TOKEN_LIFETIME};
use futures::future::try_join_all;
use model::{Error, LoginId, UserId};
use serde::Serialize;
use store::{
    identity::{
        known_networks::{self, KnownNetwork},
        log_ins::{self, Login},
        login_revocations::{self, LoginRevocation},
        users::{self, User},
    },
    retry_conflict,
};
use utoipa::ToSchema;

use crate::{profile::OwnProfile, token_pair::TokenPair};

/// Login sessions that an account may have. The next login ends the oldest one (ASVS 7.1.2).
pub(crate) const MAX_LOGINS: usize = 20;

/// The tokens of a new login session and the account. The account's fields are repeated beside the tokens, in `user`
/// and in `speaker`, because clients of the originals read different ones.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct LogInResponse {
    #[serde(flatten)]
    pub(crate) tokens: TokenPair,
    pub(crate) user: OwnProfile,
    /// Same as `user`.
    pub(crate) speaker: OwnProfile,
    #[serde(flatten)]
    pub(crate) account: OwnProfile,
}

impl LogInResponse {
    pub(crate) fn new(user: &User, pair: TokenPair) -> Self {
        let profile = OwnProfile::from(user);
        Self { tokens: pair, user: profile.clone(), speaker: profile.clone(), account: profile }
    }
}

/// Returns a new login session, not stored yet.
pub(crate) fn new_login(app: &App, user: &User, source: &RequestSource) -> Login {
    let now = app.clock.now();
    Login {
        user: user.id,
        id: app.clock.new_id(),
        generation: 0,
        rotated_at: now,
        created_at: now,
        expires_at: now + REFRESH_TOKEN_LIFETIME,
        user_agent: source.user_agent.clone(),
        ip: Some(source.ip.clone()),
        account_version: user.version,
        ended_at: None,
    }
}

/// Returns the record that the account logs in from the network of the request.
pub(crate) fn new_known_network(app: &App, user: UserId, source: &RequestSource) -> KnownNetwork {
    KnownNetwork::new(user, source.network_key(), app.clock.now())
}

/// Stores a new login session of an account whose password was right when it was read, and the network of the request.
/// Ends the oldest login session above [`MAX_LOGINS`].
///
/// # Errors
/// `Unauthenticated` if the password was changed or the account was disabled in the meantime. Such a change ends the
/// login sessions that are stored, and this one may have been stored too late for that.
pub(crate) async fn begin_login(app: &App, user: &User, source: &RequestSource) -> Result<TokenPair, Error> {
    let now = app.clock.now();
    let login = new_login(app, user, source);
    let network = new_known_network(app, user.id, source);
    tokio::try_join!(log_ins::create(&app.store, &login), known_networks::record(&app.store, &network))?;
    let (all, current) = tokio::try_join!(
        log_ins::list(&app.store, user.id, now),
        users::get_strong(&app.store, user.id, now),
    )?;
    let stands = current.is_some_and(|current| {
        current.is_active(now) && current.credentials_changed_at == user.credentials_changed_at
    });
    if !stands {
        revoke_login(app, user.id, login.id).await?;
        return Err(Error::Unauthenticated("the account was changed at the same time: log in again"));
    }
    try_join_all(all.iter().skip(MAX_LOGINS).map(|oldest| revoke_login(app, user.id, oldest.id))).await?;
    TokenPair::for_login(app, &login).await
}

/// Ends one login session. Ends its tokens, then its open sockets (RELIABILITY 8). If the process fails in between, the
/// clock completes it. Returns whether the login session existed.
pub(crate) async fn revoke_login(app: &App, user: UserId, login: LoginId) -> Result<bool, Error> {
    let now = app.clock.now();
    let ended = log_ins::end(&app.store, user, login, now).await?;
    let closed = app.realtime.close_logins(user, |one| one == login, now).await?;
    if closed.still_opening == 0 {
        log_ins::delete_ended(&app.store, user, login).await?;
    }
    Ok(ended)
}

/// Ends every login session of an account except the one to keep. If the process fails in between, the clock completes it.
///
/// # Errors
/// `Conflict` if concurrent changes of the account came first each time.
pub(crate) async fn revoke_other_logins(app: &App, user: UserId, keep: Option<LoginId>) -> Result<(), Error> {
    let revocation = retry_conflict("the account", || async {
        let now = app.clock.now();
        let Some(account) = users::get_strong(&app.store, user, now).await? else {
            return Err(Error::NotFound("user"));
        };
        let revocation = new_revocation(app, &account, keep);
        Ok(login_revocations::begin(&app.store, &account, &revocation).await?.map(|()| revocation))
    });
    end_revoked_logins(app, &revocation.await?).await
}

/// Returns the end of the login sessions of an account whose next version is written in the same transaction.
pub(crate) fn new_revocation(app: &App, before: &User, keep: Option<LoginId>) -> LoginRevocation {
    LoginRevocation::of_change(before, app.clock.new_id(), keep, app.clock.now())
}
