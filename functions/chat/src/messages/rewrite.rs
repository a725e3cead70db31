//! Changes a message despite concurrent changes. A hundred members may react to a message within a second.
//!
//! The change has its own retries. `store::retry_conflict` pauses for at most 0.2 s, which is too short for such a crowd.

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

/// Changes that a user makes to messages. Clicking as fast as possible stays below this limit.
const CHANGE_RATE_LIMIT: RateLimit =
    RateLimit { name: "message_change", max_attempts: 120, window: Duration::from_mins(1) };
/// Attempts in all. With the pauses between them they take at most 13 of the 15 seconds that a function has.
const MAX_ATTEMPTS: u32 = 11;
/// The longest pause after the first attempt. It doubles [`DOUBLINGS`] times, to 2.6 s. The pauses are many times
/// longer than an attempt, because a crowd slows its own attempts down and would never get through with shorter pauses.
const FIRST_PAUSE_MS: u64 = 40;
const DOUBLINGS: u32 = 6;

/// The result of a change.
#[derive(Debug)]
pub(super) enum RewriteOutcome {
    Changed(Message),
    /// The message had this state already.
    Unchanged(Message),
}

/// Counts a change before it is made. Costs 1 write unit.
///
/// # Errors
/// `TooMany` if the user changes messages too often.
pub(super) async fn count_change(app: &App, user: UserId) -> Result<(), Error> {
    rate_limits::count_attempt(&app.store, CHANGE_RATE_LIMIT, &user.to_string(), app.clock.now())
        .await?
        .require_allowed()
}

/// Replaces a message by the result of `change`, which is called with the current message. `None` means that nothing
/// changes. With an audit entry, both are written in one transaction.
///
/// # Errors
/// The error of `change`. `Unavailable` if concurrent changes came first in every attempt.
pub(super) async fn rewrite_message(
    app: &App,
    message: Message,
    audit: Option<&AuditEntry>,
    change: impl Fn(&Message) -> Result<Option<Message>, Error>,
) -> Result<RewriteOutcome, Error> {
    let mut before = message;
    for attempt in 0..MAX_ATTEMPTS {
        let now = app.clock.now();
        let Some(after) = change(&before)? else { return Ok(RewriteOutcome::Unchanged(before)) };
        let written = match audit {
            None => messages::change(&app.store, &before, after, now).await,
            Some(audit) => messages::change_with_audit(&app.store, &before, after, audit, now).await,
        };
        match written {
            Ok(WriteOutcome::Applied(after)) => return Ok(RewriteOutcome::Changed(after)),
            // the table also reports a conflict with another transaction as unavailable
            Ok(WriteOutcome::ConditionFailed) | Err(StoreError::Unavailable(_)) => {}
            Err(error) => return Err(error.into()),
        }
        let longest = FIRST_PAUSE_MS << attempt.min(DOUBLINGS);
        let pause = rand::rng().random_range(0..longest);
        tokio::time::sleep(Duration::from_millis(pause)).await;
        let id = before.id();
        before = messages::get(&app.store, id, now).await?.ok_or(Error::NotFound("message"))?;
    }
    Err(Error::unavailable("the message", "concurrent changes came first in each attempt"))
}
