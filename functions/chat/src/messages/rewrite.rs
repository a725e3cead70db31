//! Changing a message while others do: a hundred people react to good news within a second.

use std::time::Duration;

use entry::App;
use model::{Error, UserId};
use rand::RngExt;
use store::{
    RateLimit, StoreError, WriteOutcome,
    chat::messages::{self, Message},
    identity::audit_log::AuditEntry,
    platform::rate_limits,
};

/// Changes of messages that somebody makes; clicking as fast as one can is less.
const CHANGE_RATE_LIMIT: RateLimit =
    RateLimit { name: "message_change", max_attempts: 120, window: Duration::from_mins(1) };
/// How often others may be quicker. With the waits between, at most 13 of the 15 seconds that a function has.
const MAX_ATTEMPTS: u32 = 11;
/// The longest wait before the second try, and how often it is doubled: to 2.6 s. Longer than a try takes, many times over:
/// else a crowd whose tries are slowed by their number never gets through.
const FIRST_WAIT_MS: u64 = 40;
const DOUBLINGS: u32 = 6;

/// What rewriting came to.
#[derive(Debug)]
pub(super) enum RewriteOutcome {
    Changed(Message),
    /// It was so already.
    Unchanged(Message),
}

/// Counts a change that somebody is about to make. 1 write unit.
///
/// # Errors
/// `TooMany`
pub(super) async fn count_change(app: &App, user: UserId) -> Result<(), Error> {
    rate_limits::count_attempt(&app.store, CHANGE_RATE_LIMIT, &user.to_string(), app.clock.now())
        .await?
        .require_allowed()
}

/// Writes a message over by what `by` makes of it as it is now, `None` being that it is so already; with a note of it where an
/// admin does it.
///
/// # Errors
/// What `by` says; `Unavailable` where others are quicker again and again.
pub(super) async fn rewrite_message(
    app: &App,
    message: Message,
    action: Option<&AuditEntry>,
    by: impl Fn(&Message) -> Result<Option<Message>, Error>,
) -> Result<RewriteOutcome, Error> {
    let mut before = message;
    for attempt in 0..MAX_ATTEMPTS {
        let now = app.clock.now();
        let Some(after) = by(&before)? else { return Ok(RewriteOutcome::Unchanged(before)) };
        let written = match action {
            None => messages::change(&app.store, &before, after, now).await,
            Some(action) => messages::change_with_audit(&app.store, &before, after, action, now).await,
        };
        match written {
            Ok(WriteOutcome::Applied(after)) => return Ok(RewriteOutcome::Changed(after)),
            // transactions of others on the same message, again and again, are nothing else
            Ok(WriteOutcome::ConditionFailed) | Err(StoreError::Unavailable(_)) => {}
            Err(error) => return Err(error.into()),
        }
        let longest = FIRST_WAIT_MS << attempt.min(DOUBLINGS);
        let wait = rand::rng().random_range(0..longest);
        tokio::time::sleep(Duration::from_millis(wait)).await;
        let id = before.id();
        before = messages::get(&app.store, id, now).await?.ok_or(Error::NotFound("message"))?;
    }
    Err(Error::unavailable("the table", "a message is changed all the time"))
}
