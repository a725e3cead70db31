use entry::{App, tick_wait::wait_for_tick_end};
use model::{Error, Room, SessionId};
use protocol::{Event, event::SessionFull, job::CountTurnedAway};
use store::{
    WriteOutcome,
    sessions::{self, TurnedAwayCount, refused_joins},
};

/// Adds up the refused joins of all instances when the tick is over, stores the sum, and publishes it to the presenter. A late job
/// publishes nothing if a higher number is stored.
///
/// # Errors
/// Fails if the numbers cannot be read or the sum cannot be stored.
pub async fn run(app: &App, job: CountTurnedAway) -> Result<(), Error> {
    wait_for_tick_end(app, job.tick).await;
    match refused_joins::sum_refusals(&app.store, job.session, app.clock.now()).await? {
        Some(count) => save_and_publish(app, count).await,
        None => Ok(()),
    }
}

/// Publishes refused joins whose job was lost. The check of a session calls it every minute. 1.5 read units if there are none.
///
/// # Errors
/// Fails if the numbers cannot be read or the sum cannot be stored.
pub(super) async fn repair(app: &App, session: SessionId) -> Result<(), Error> {
    let now = app.clock.now();
    let Some(count) = refused_joins::sum_refusals(&app.store, session, now).await? else { return Ok(()) };
    if sessions::get_turned_away(&app.store, session, now).await? >= count.turned_away {
        return Ok(());
    }
    save_and_publish(app, count).await
}

async fn save_and_publish(app: &App, count: TurnedAwayCount) -> Result<(), Error> {
    if sessions::save_turned_away(&app.store, &count).await? == WriteOutcome::ConditionFailed {
        return Ok(());
    }
    let TurnedAwayCount { session, turned_away, seats } = count;
    let event = SessionFull { session_id: session, capacity: seats, turned_away };
    app.realtime.publish(Room::Presenter(session), Event::SessionFull(event), app.clock.now()).await
}
