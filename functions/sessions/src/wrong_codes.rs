//! Limits on wrong join codes. A whole audience may be behind one address, and one client there must not keep the others
//! out. Therefore the code is looked up first, and only wrong codes and slugs count.
//!
//! | wrong codes of a network in 10 minutes | a wrong code | a right code | with a join key or a token |
//! | --- | --- | --- | --- |
//! | up to 300 | 404 | found | found |
//! | up to 3,000 | 429, retry after 1 s | found | found |
//! | more | 429 until the window ends | 429 until the window ends | found |
//!
//! Trying all codes at 3,000 in 10 minutes takes 5.6 years. Without the last line, the rate would be that of the API.

use std::time::Duration;

use entry::{
    App,
    http::{ACCESS_COOKIE, RequestSource, bearer_token, cookie_value},
    tokens::{AccessToken, ParticipantToken},
};
use garde::Validate;
use http::HeaderMap;
use model::{Error, ParticipantId, rate_limit::RateLimitOutcome, text};
use serde::Deserialize;
use store::{
    RateLimit,
    platform::rate_limits,
    sessions::{Session, participants},
};
use utoipa::IntoParams;

/// Wrong codes of one network after which typed codes are refused.
const REFUSED: RateLimit =
    RateLimit { name: "join_code", max_attempts: 3_000, window: Duration::from_mins(10) };
/// The same counter. Above it, wrong codes are slowed down.
const SLOWED: RateLimit = RateLimit { max_attempts: 300, ..REFUSED };
/// The time that a client above [`SLOWED`] must wait after a wrong code.
const SLOWED_RETRY_AFTER: Duration = Duration::from_secs(1);

/// The key of a join link.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct JoinLinkQuery {
    /// The `join_key` of the session, from its join link or QR code. The limits on typed codes do not apply with it.
    #[garde(length(max = 100), inner(custom(text::line)))]
    #[param(max_length = 100)]
    pub k: Option<String>,
}

/// What a request contains beside the code or slug of a session.
pub struct JoinProof<'a> {
    key: Option<&'a str>,
    tokens: [Option<&'a str>; 3],
}

impl<'a> JoinProof<'a> {
    /// Reads the join key and the tokens of a request. `participant_token` is the one of the body.
    pub fn new(link: &'a JoinLinkQuery, headers: &'a HeaderMap, participant_token: Option<&'a str>) -> Self {
        let tokens = [participant_token, bearer_token(headers), cookie_value(headers, ACCESS_COOKIE)];
        Self { key: link.k.as_deref(), tokens }
    }

    /// Returns whether the client has the join link of the session, or joined the session before. The signature of a
    /// token is enough, because it only lifts a limit.
    async fn is_valid(&self, app: &App, session: &Session) -> Result<bool, Error> {
        if self.key.is_some_and(|key| session.join_key.matches(key)) {
            return Ok(true);
        }
        let now = app.clock.now();
        for token in self.tokens.into_iter().flatten() {
            if let Some(token) = app.tokens.verify::<ParticipantToken>(token, now).await? {
                if token.session == session.id {
                    return Ok(true);
                }
            } else if let Some(token) = app.tokens.verify::<AccessToken>(token, now).await? {
                let id = ParticipantId::derive_for_account(session.id, token.user);
                let joined = participants::get(&app.store, session.id, id, now).await?;
                if joined.is_some() || session.owner == token.user {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }
}

/// Checks that a network may open the session of a code that it typed.
///
/// # Errors
/// `RateLimited` if the network has sent too many wrong codes and the request has no proof.
pub async fn require_typed_code_allowed(
    app: &App,
    source: &RequestSource,
    session: &Session,
    proof: &JoinProof<'_>,
) -> Result<(), Error> {
    let now = app.clock.now();
    match rate_limits::check_attempts(&app.store, REFUSED, &source.network_key(), now).await? {
        RateLimitOutcome::Allowed => Ok(()),
        RateLimitOutcome::Exceeded { .. } if proof.is_valid(app, session).await? => Ok(()),
        exceeded @ RateLimitOutcome::Exceeded { .. } => exceeded.require_allowed(),
    }
}

/// Counts a wrong code or slug. Returns the error for the client.
pub async fn record_wrong_code(app: &App, source: &RequestSource) -> Error {
    count_wrong_code(app, source).await.err().unwrap_or(Error::NotFound("session"))
}

async fn count_wrong_code(app: &App, source: &RequestSource) -> Result<(), Error> {
    let (network, now) = (source.network_key(), app.clock.now());
    rate_limits::count_attempt(&app.store, REFUSED, &network, now).await?.require_allowed()?;
    match rate_limits::check_attempts(&app.store, SLOWED, &network, now).await? {
        RateLimitOutcome::Allowed => Ok(()),
        RateLimitOutcome::Exceeded { .. } => Err(Error::RateLimited { retry_after: SLOWED_RETRY_AFTER }),
    }
}
