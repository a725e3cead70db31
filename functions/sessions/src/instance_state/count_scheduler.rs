//! Sends the jobs that count votes, up-votes and presence, at most once per tick and instance.
//!
//! The deduplication id of a count prevents a second job for all instances together. This memory saves the requests,
//! which a group of a FIFO queue takes 300 of in a second. A thousand people who connect within two seconds would need
//! 500.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use entry::App;
use jiff::Timestamp;
use model::{Error, QuestionId, SessionId, SlideId, tick::Tick};
use protocol::{
    Job,
    job::{CountPresence, CountRecipients, CountUpvotes, CountVotes},
};
use store::{
    presentations,
    sessions::{Session, responses},
};
use uuid::Uuid;

/// The last tick for which a job was sent, by the counted slide or question and the recipients.
type ScheduledTicks = HashMap<(Uuid, CountRecipients), Tick>;

/// Entries above which old ticks are removed from the memory.
const MAX_REMEMBERED: usize = 1_000;
/// Ticks for which an entry is kept once there are more than [`MAX_REMEMBERED`].
const KEPT_TICKS: i64 = 40;

/// A job that is being sent. If the sending fails or is cancelled, the scheduler deletes its entry.
struct SendingCount<'a> {
    scheduler: &'a CountScheduler,
    key: (Uuid, CountRecipients),
    is_sent: bool,
}

impl Drop for SendingCount<'_> {
    fn drop(&mut self) {
        if !self.is_sent {
            self.scheduler.lock().remove(&self.key);
        }
    }
}

/// Debounces the counting jobs of one instance. Cheap to clone.
#[derive(Clone, Default)]
pub struct CountScheduler(Arc<Mutex<ScheduledTicks>>);

impl CountScheduler {
    /// Schedules a count of the answers to a slide for the end of the current tick. The caller must store the answer
    /// first, because the count reads it.
    ///
    /// A failure is only logged. The answer is stored, and the next vote, slide change, session end or session check
    /// counts it.
    pub async fn schedule_vote_count(&self, app: &App, session: SessionId, slide: SlideId) {
        let tick = Tick::containing(app.clock.millis());
        self.schedule_vote_count_at(app, session, slide, tick, CountRecipients::Presenter).await;
    }

    /// Schedules the final count of a slide, for the presenter and for the whole room. It does not wait for the tick of
    /// the audience.
    pub async fn schedule_final_vote_count(&self, app: &App, session: SessionId, slide: SlideId) {
        self.schedule_vote_count(app, session, slide).await;
        let tick = Tick::containing(app.clock.millis());
        self.schedule_vote_count_at(app, session, slide, tick, CountRecipients::Everyone).await;
    }

    /// Schedules a count of every answered slide that is not the current one. It replaces a final count that was lost,
    /// and it corrects the counts after the blocked words changed.
    ///
    /// # Errors
    /// Fails if the presentation or the answers cannot be read.
    pub async fn schedule_other_vote_counts(
        &self,
        app: &App,
        session: &Session,
        now: Timestamp,
    ) -> Result<(), Error> {
        let Some(presentation) = presentations::get(&app.store, session.presentation, now).await? else {
            return Ok(());
        };
        for slide in presentation.slides.iter().filter(|slide| session.current_slide != Some(**slide)) {
            if responses::exists_for_slide(&app.store, session.id, *slide).await? {
                self.schedule_vote_count(app, session.id, *slide).await;
            }
        }
        Ok(())
    }

    /// Schedules a count of the answers to a slide for the end of `tick`. A failure is only logged.
    pub async fn schedule_vote_count_at(
        &self,
        app: &App,
        session: SessionId,
        slide: SlideId,
        tick: Tick,
        recipients: CountRecipients,
    ) {
        let counted = Uuid::new_v5(&session.uuid(), slide.uuid().as_bytes());
        let job = CountVotes { session, slide, tick, recipients, tries: 0, since: None };
        if let Err(error) = self.schedule(app, counted, recipients, tick, &job).await {
            tracing::warn!(%session, %slide, %error, "scheduling a vote count failed");
        }
    }

    /// Schedules a count of the up-votes of a question. Up-votes are counted every two seconds, as often as events
    /// reach a large audience.
    ///
    /// # Errors
    /// Fails if the job cannot be sent. The caller must report that, because nothing else counts the up-vote.
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

    /// Schedules a count of the connected participants of a session for the end of the current tick. The caller must
    /// write or delete the rows of connections first, because the count reads them.
    ///
    /// # Errors
    /// Fails if the job cannot be sent.
    pub async fn schedule_presence_count(&self, app: &App, session: SessionId) -> Result<(), Error> {
        let tick = Tick::containing(app.clock.millis());
        let job = CountPresence { session, tick, recipients: CountRecipients::Presenter, tries: 0 };
        self.schedule(app, session.uuid(), CountRecipients::Presenter, tick, &job).await
    }

    async fn schedule(
        &self,
        app: &App,
        counted: Uuid,
        recipients: CountRecipients,
        tick: Tick,
        job: &impl Job,
    ) -> Result<(), Error> {
        {
            let mut scheduled = self.lock();
            if scheduled.get(&(counted, recipients)).is_some_and(|last| *last >= tick) {
                return Ok(());
            }
            // remembered before sending, so that concurrent votes do not send the job too
            scheduled.insert((counted, recipients), tick);
            if scheduled.len() > MAX_REMEMBERED {
                scheduled.retain(|_, last| last.0 + KEPT_TICKS > tick.0);
            }
        }
        let mut sending = SendingCount { scheduler: self, key: (counted, recipients), is_sent: false };
        app.queues.send(job, app.clock.now()).await?;
        sending.is_sent = true;
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, ScheduledTicks> {
        // no code panics while it holds the lock; the map would be whole even then
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
