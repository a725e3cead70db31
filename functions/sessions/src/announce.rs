//! Asks that something be counted, once per tick and instance. For votes the deduplication id of the job does the same
//! for all instances together; this saves the requests.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use entry::App;
use model::{Error, QuestionId, SessionId, SlideId, tick::Tick};
use protocol::{
    Job,
    job::{CountRecipients, CountUpvotes, CountVotes},
};
use uuid::Uuid;

/// What was announced last of a thing, to its presenter or to everyone.
type ScheduledTicks = HashMap<(Uuid, CountRecipients), Tick>;

/// Cheap to clone.
#[derive(Clone, Default)]
pub struct CountScheduler(Arc<Mutex<ScheduledTicks>>);

impl CountScheduler {
    /// Has the answers to a slide counted when the present tick is over. Called after an answer is stored, never before:
    /// the count must see it. A failure is only logged: the answer is stored, and the next vote, slide change, end or
    /// check counts it.
    pub async fn schedule_vote_count(&self, app: &App, session: SessionId, slide: SlideId) {
        self.schedule_vote_count_at(
            app,
            session,
            slide,
            Tick::containing(app.clock.millis()),
            CountRecipients::Presenter,
        )
        .await;
    }

    /// Has a slide counted for the presenter and for everyone at once, whatever the tick of the audience: the last word on it.
    pub async fn schedule_final_vote_count(&self, app: &App, session: SessionId, slide: SlideId) {
        self.schedule_vote_count(app, session, slide).await;
        self.schedule_vote_count_at(
            app,
            session,
            slide,
            Tick::containing(app.clock.millis()),
            CountRecipients::Everyone,
        )
        .await;
    }

    pub async fn schedule_vote_count_at(
        &self,
        app: &App,
        session: SessionId,
        slide: SlideId,
        tick: Tick,
        told: CountRecipients,
    ) {
        let counted = Uuid::new_v5(&session.uuid(), slide.uuid().as_bytes());
        let job = CountVotes { session, slide, tick, recipients: told, tries: 0, since: None };
        if let Err(error) = self.schedule(app, counted, told, tick, &job).await {
            tracing::warn!(%session, %slide, %error, "votes were not announced");
        }
    }

    /// Has the up-votes of a question counted: every two seconds, as often as a large audience is told anything.
    ///
    /// # Errors
    /// Where it was not announced: nothing else would count it.
    pub async fn schedule_upvote_count(
        &self,
        app: &App,
        session: SessionId,
        question: QuestionId,
    ) -> Result<(), Error> {
        let tick = Tick::containing(app.clock.millis()).next_for_audience(usize::MAX);
        let job = CountUpvotes { session, question };
        self.schedule(app, question.uuid(), CountRecipients::Everyone, tick, &job).await
    }

    async fn schedule(
        &self,
        app: &App,
        counted: Uuid,
        told: CountRecipients,
        tick: Tick,
        job: &impl Job,
    ) -> Result<(), Error> {
        {
            let mut last = self.lock();
            if last.get(&(counted, told)).is_some_and(|last| *last >= tick) {
                return Ok(());
            }
            // before it is sent, so that those who vote meanwhile do not send it too
            last.insert((counted, told), tick);
            if last.len() > 1000 {
                last.retain(|_, other| other.0 + 40 > tick.0);
            }
        }
        let sent = app.queues.send(job, app.clock.now()).await;
        if sent.is_err() {
            self.lock().remove(&(counted, told));
        }
        sent
    }

    fn lock(&self) -> MutexGuard<'_, ScheduledTicks> {
        // no code panics while it holds the lock; if it did, the map would still be whole
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
