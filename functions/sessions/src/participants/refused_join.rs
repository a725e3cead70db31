//! Counts a join that is refused, because every seat of the session is taken.

use std::sync::{Mutex, PoisonError};

use entry::App;
use model::{Error, SessionId, plan::session_full_error, refused_joins::RefusedJoins, tick::Tick};
use protocol::job::CountTurnedAway;
use store::sessions::refused_joins;

/// Counts a refused join and returns the error that refuses it. The presenter hears of it within two seconds. Mostly 1 write unit,
/// and none for the further joins of a script.
pub(super) async fn refuse(
    app: &App,
    refused: &Mutex<RefusedJoins>,
    session: SessionId,
    seats: u32,
) -> Error {
    if let Err(error) = count(app, refused, session, seats).await {
        // the next refusal of this instance stores the whole number
        tracing::warn!(%session, %error, "a refused join was not counted");
    }
    session_full_error(seats)
}

async fn count(
    app: &App,
    refused: &Mutex<RefusedJoins>,
    session: SessionId,
    seats: u32,
) -> Result<(), Error> {
    let (now, new_id) = (app.clock.now(), app.clock.new_id());
    // no code panics while it holds the lock; the counters would be whole even then
    let counted = refused.lock().unwrap_or_else(PoisonError::into_inner).count(session, now, new_id);
    let Some(counted) = counted else { return Ok(()) };
    refused_joins::record_refusals(&app.store, session, counted, seats).await?;
    let tick = Tick::containing(app.clock.millis()).last_of_second();
    app.queues.send(&CountTurnedAway { session, tick }, now).await
}
