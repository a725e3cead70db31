//! Jobs of live sessions.

pub mod check_session;
pub mod count_presence;
pub mod count_votes;
pub mod greet;

use std::time::Duration;

use entry::{App, worker::Delivery};
use model::{
    Error,
    tick::{TICK_MS, Tick},
};
use protocol::job::{CheckSession, CountPresence, CountVotes, Greet};

use crate::Hot;

pub async fn run(app: &App, hot: &Hot, delivery: &Delivery) -> Result<(), Error> {
    if let Some(job) = delivery.take::<CountVotes>() {
        return count_votes::run(app, hot, job?).await;
    }
    if let Some(job) = delivery.take::<CountPresence>() {
        return count_presence::run(app, job?).await;
    }
    if let Some(job) = delivery.take::<Greet>() {
        return greet::run(app, hot, &job?).await;
    }
    if let Some(job) = delivery.take::<CheckSession>() {
        return check_session::run(app, hot, job?).await;
    }
    Err(delivery.unknown())
}

/// Clocks of two machines in one region differ by less; whoever announced a tick wrote before it was over by its own.
const SKEW_MS: i64 = 20;

/// The newest tick that is over, but not before the job's own: a job that comes late counts for those that are later
/// still, and they have nothing left to do. Ask before counting.
fn newest(app: &App, job: Tick) -> Tick {
    Tick::at(app.clock.millis() - SKEW_MS - TICK_MS).max(job)
}

/// Waits until everything announced in a tick is written.
async fn over(app: &App, tick: Tick) {
    let left = tick.end() + SKEW_MS - app.clock.millis();
    // a job of a tick far ahead (a clock that was moved) is not worth a function's whole time
    let left = u64::try_from(left).unwrap_or(0).min(3_000);
    tokio::time::sleep(Duration::from_millis(left)).await;
}
