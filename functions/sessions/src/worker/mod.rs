//! Jobs of live sessions.

pub mod check_session;
pub mod connection_closed;
pub mod connection_opened;
pub mod count_presence;
pub mod count_upvotes;
pub mod count_votes;
pub mod end_login;
pub mod end_session;
pub mod rank_quiz;
pub mod write_report;

use std::time::Duration;

use entry::{
    App,
    worker::{JobTable, handler},
};
use model::{
    Error,
    tick::{TICK_MS, Tick},
};
use protocol::{
    Job,
    job::{
        CheckSession, ConnectionClosed, ConnectionOpened, CountPresence, CountUpvotes, CountVotes, EndLogin,
        EndSession, RankQuiz, WriteReport,
    },
};

use crate::instance_state::InstanceState;

/// A count is put off so often, a second each; then it goes the way of every failed message, and someone sees it. What is
/// not counted by then is asked for anew by the session's check.
const MAX_ATTEMPTS: u8 = 10;

/// What the handlers of `worker-sessions` work with. Cheap to clone.
#[derive(Clone)]
pub struct SessionsWorker {
    pub app: App,
    pub state: InstanceState,
}

pub fn jobs() -> JobTable<SessionsWorker> {
    JobTable::new([
        handler(|worker: SessionsWorker, job: ConnectionOpened| async move {
            connection_opened::run(&worker.app, &worker.state, &job).await
        }),
        handler(|worker: SessionsWorker, job: ConnectionClosed| async move {
            connection_closed::run(&worker.app, &job).await
        }),
        handler(|worker: SessionsWorker, job: CountVotes| async move { count_votes(&worker, job).await }),
        handler(|worker: SessionsWorker, job: CountPresence| async move {
            count_presence(&worker.app, job).await
        }),
        handler(|worker: SessionsWorker, job: CountUpvotes| async move {
            count_upvotes::run(&worker.app, &worker.state, &job).await
        }),
        handler(
            |worker: SessionsWorker, job: RankQuiz| async move { rank_quiz::run(&worker.app, &job).await },
        ),
        handler(
            |worker: SessionsWorker, job: EndLogin| async move { end_login::run(&worker.app, &job).await },
        ),
        handler(|worker: SessionsWorker, job: EndSession| async move {
            end_session::run(&worker.app, &worker.state, &job).await
        }),
        handler(|worker: SessionsWorker, job: WriteReport| async move {
            write_report::run(&worker.app, &job).await
        }),
        handler(|worker: SessionsWorker, job: CheckSession| async move {
            check_session::run(&worker.app, &worker.state, job).await
        }),
    ])
}

async fn count_votes(worker: &SessionsWorker, mut job: CountVotes) -> Result<(), Error> {
    let SessionsWorker { app, state } = worker;
    let outcome = count_votes::run(app, state, &mut job).await;
    let tick = tick_a_second_later(app, job.tick);
    let retry = CountVotes { tick, tries: job.tries.saturating_add(1), ..job };
    retry_later(app, outcome, retry.tries, &retry).await
}

async fn count_presence(app: &App, job: CountPresence) -> Result<(), Error> {
    let outcome = count_presence::run(app, job.clone()).await;
    let tick = tick_a_second_later(app, job.tick);
    let retry = CountPresence { tick, tries: job.tries.saturating_add(1), ..job };
    retry_later(app, outcome, retry.tries, &retry).await
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
