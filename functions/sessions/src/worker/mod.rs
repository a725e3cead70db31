//! The jobs of `worker-sessions`. Each file has one job.

pub mod check_session;
pub mod connection_closed;
pub mod connection_opened;
pub mod count_presence;
pub mod count_turned_away;
pub mod count_upvotes;
pub mod count_votes;
pub mod end_login;
pub mod end_logins;
pub mod end_session;
pub mod finish_removal;
pub mod rank_quiz;
pub mod write_report;

use entry::{
    App,
    tick_wait::CLOCK_SKEW_MS,
    worker::{JobTable, handler},
};
use model::{
    Error,
    tick::{TICK_MS, Tick},
};
use protocol::{
    Job,
    job::{
        CheckSession, ConnectionClosed, ConnectionOpened, CountPresence, CountTurnedAway, CountUpvotes,
        CountVotes, EndLogin, EndLogins, EndSession, FinishRemoval, RankQuiz, WriteReport,
    },
};

use crate::instance_state::InstanceState;

/// The number of times a count is deferred, by a second each. After that the message fails and ends as a dead letter,
/// which raises an alarm. The check of the session then requests the count again.
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
            connection_closed::run(&worker.app, &worker.state, &job).await
        }),
        handler(|worker: SessionsWorker, job: CountVotes| async move { count_votes(&worker, job).await }),
        handler(|worker: SessionsWorker, job: CountPresence| async move {
            count_presence(&worker.app, job).await
        }),
        handler(|worker: SessionsWorker, job: CountTurnedAway| async move {
            count_turned_away::run(&worker.app, job).await
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
        handler(
            |worker: SessionsWorker, job: EndLogins| async move { end_logins::run(&worker.app, &job).await },
        ),
        handler(|worker: SessionsWorker, job: FinishRemoval| async move {
            finish_removal::run(&worker.app, &worker.state, &job).await
        }),
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

/// Defers a job whose dependency failed, by sending it again for a later tick. The alternative, a failed message, would
/// block its group of the FIFO queue for minutes, until the message is visible again. Other errors, and a job that was
/// deferred too often, fail the message, which ends as a dead letter.
async fn retry_later<J: Job>(
    app: &App,
    outcome: Result<(), Error>,
    tries: u8,
    again: &J,
) -> Result<(), Error> {
    match outcome {
        Err(error @ (Error::Unavailable { .. } | Error::RateLimited { .. })) if tries <= MAX_ATTEMPTS => {
            tracing::warn!(?error, tries, "deferring a count");
            app.queues.send(again, app.clock.now()).await
        }
        outcome => outcome,
    }
}

fn tick_a_second_later(app: &App, tick: Tick) -> Tick {
    Tick(Tick::containing(app.clock.millis()).max(tick).0 + 1000 / TICK_MS)
}

/// Returns the newest tick that is over, but at least the tick of the job. A late job so also counts for later jobs,
/// which then have nothing to do. The caller must call it before it reads the answers.
fn newest_finished_tick(app: &App, job: Tick) -> Tick {
    Tick::containing(app.clock.millis() - CLOCK_SKEW_MS - TICK_MS).max(job)
}
