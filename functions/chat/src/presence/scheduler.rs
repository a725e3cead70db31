//! Sends the job that publishes presence, at most once per tick and instance.
//!
//! The deduplication id prevents a second job for all instances together. This memory saves the requests, of which a FIFO queue
//! takes 300 a second. A thousand people who arrive within two seconds would need 500.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use entry::App;
use model::{Error, tick::Tick};
use protocol::job::PublishPresence;

/// Debounces the publication of one instance. Cheap to clone. Every clone refers to the same memory.
#[derive(Clone, Default)]
pub struct PresenceScheduler(Arc<Mutex<Option<Tick>>>);

/// A job that is being sent. If the sending fails or is cancelled, the scheduler drops its tick.
struct SendingJob<'a> {
    scheduler: &'a PresenceScheduler,
    is_sent: bool,
}

impl Drop for SendingJob<'_> {
    fn drop(&mut self) {
        if !self.is_sent {
            *self.scheduler.lock() = None;
        }
    }
}

impl PresenceScheduler {
    /// Has the unpublished statuses published at the end of the current tick. The caller must store its status first, because the
    /// job reads it.
    ///
    /// # Errors
    /// Fails if the job cannot be sent. The row stays unpublished, and the clock checks it within two minutes.
    pub(crate) async fn schedule(&self, app: &App) -> Result<(), Error> {
        let tick = Tick::containing(app.clock.millis()).last_of_second();
        {
            let mut last = self.lock();
            if last.is_some_and(|last| last >= tick) {
                return Ok(());
            }
            // remembered before sending, so that concurrent arrivals do not send the job too
            *last = Some(tick);
        }
        let mut sending = SendingJob { scheduler: self, is_sent: false };
        app.queues.send(&PublishPresence { tick }, app.clock.now()).await?;
        sending.is_sent = true;
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Option<Tick>> {
        // no code panics while it holds the lock; the tick would be whole even then
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
