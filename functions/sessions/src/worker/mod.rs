//! Jobs of live sessions.

pub mod check_session;
pub mod count_presence;
pub mod count_upvotes;
pub mod count_votes;
pub mod end_login;
pub mod end_session;
pub mod greet;
pub mod rank_quiz;
pub mod write_report;

use std::time::Duration;

use entry::{App, worker::JobDelivery};
use model::{
    Error,
    tick::{TICK_MS, Tick},
};
use protocol::{
    Job,
    job::{
        CheckSession, CountPresence, CountUpvotes, CountVotes, EndLogin, EndSession, RankQuiz,
        SendSessionState, WriteReport,
    },
};

use crate::instance_state::InstanceState;

/// A count is put off so often, a second each; then it goes the way of every failed message, and someone sees it. What is
/// not counted by then is asked for anew by the session's check.
const MAX_ATTEMPTS: u8 = 10;

pub async fn run(app: &App, hot: &InstanceState, delivery: &JobDelivery) -> Result<(), Error> {
    if let Some(job) = delivery.decode::<CountVotes>() {
        let mut job = job?;
        let outcome = count_votes::run(app, hot, &mut job).await;
        let again = CountVotes {
            tick: tick_a_second_later(app, job.tick),
            tries: job.tries.saturating_add(1),
            ..job
        };
        return retry_later(app, outcome, again.tries, &again).await;
    }
    if let Some(job) = delivery.decode::<CountPresence>() {
        let job = job?;
        let outcome = count_presence::run(app, job.clone()).await;
        let again = CountPresence {
            tick: tick_a_second_later(app, job.tick),
            tries: job.tries.saturating_add(1),
            ..job
        };
        return retry_later(app, outcome, again.tries, &again).await;
    }
    if let Some(job) = delivery.decode::<CountUpvotes>() {
        return count_upvotes::run(app, hot, &job?).await;
    }
    if let Some(job) = delivery.decode::<RankQuiz>() {
        return rank_quiz::run(app, &job?).await;
    }
    if let Some(job) = delivery.decode::<SendSessionState>() {
        return greet::run(app, hot, &job?).await;
    }
    if let Some(job) = delivery.decode::<EndLogin>() {
        return end_login::run(app, &job?).await;
    }
    if let Some(job) = delivery.decode::<EndSession>() {
        return end_session::run(app, hot, &job?).await;
    }
    if let Some(job) = delivery.decode::<WriteReport>() {
        return write_report::run(app, &job?).await;
    }
    if let Some(job) = delivery.decode::<CheckSession>() {
        return check_session::run(app, hot, job?).await;
    }
    Err(delivery.unknown_job_error())
}

/// A failed message of a FIFO queue holds up its group until it is visible again, minutes later. What failed because a
/// dependency did is therefore asked for anew, of a later tick, and done with; a bug, and what fails again and again,
/// goes its way to the dead letters.
async fn retry_later<J: Job>(
    app: &App,
    outcome: Result<(), Error>,
    tries: u8,
    again: &J,
) -> Result<(), Error> {
    match outcome {
        Err(error @ (Error::Unavailable { .. } | Error::RateLimited { .. })) if tries <= MAX_ATTEMPTS => {
            tracing::warn!(?error, tries, "a count is put off");
            app.queues.send(again, app.clock.now()).await
        }
        outcome => outcome,
    }
}

fn tick_a_second_later(app: &App, tick: Tick) -> Tick {
    Tick(Tick::containing(app.clock.millis()).max(tick).0 + 1000 / TICK_MS)
}

/// Clocks of two machines in one region differ by less; whoever announced a tick wrote before it was over by its own.
const SKEW_MS: i64 = 20;

/// The newest tick that is over, but not before the job's own: a job that comes late counts for those that are later
/// still, and they have nothing left to do. Ask before counting.
fn newest_finished_tick(app: &App, job: Tick) -> Tick {
    Tick::containing(app.clock.millis() - SKEW_MS - TICK_MS).max(job)
}

/// Waits until everything announced in a tick is written.
async fn wait_for_tick_end(app: &App, tick: Tick) {
    let left = tick.end_ms() + SKEW_MS - app.clock.millis();
    // a job of a tick far ahead (a clock that was moved) is not worth a function's whole time
    let left = u64::try_from(left).unwrap_or(0).min(3_000);
    tokio::time::sleep(Duration::from_millis(left)).await;
}
