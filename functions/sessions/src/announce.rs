//! Asks that something be counted, once per tick and instance. The deduplication id of the job does the same for all
//! instances together; this saves the requests.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use entry::App;
use model::{SessionId, SlideId, tick::Tick};
use protocol::job::{CountVotes, Told};

type Last = HashMap<(SessionId, SlideId, bool), Tick>;

/// Cheap to clone.
#[derive(Clone, Default)]
pub struct Announcer(Arc<Mutex<Last>>);

impl Announcer {
    /// Has the answers to a slide counted when the present tick is over. Called after an answer is stored, never before:
    /// the count must see it. A failure is only logged: the answer is stored, and the next vote, slide change, end or
    /// check counts it.
    pub async fn votes(&self, app: &App, session: SessionId, slide: SlideId) {
        self.votes_at(app, session, slide, Tick::at(app.clock.millis()), Told::Presenter).await;
    }

    /// Has a slide counted for the presenter and for everyone at once, whatever the tick of the audience: the last word on it.
    pub async fn last_votes(&self, app: &App, session: SessionId, slide: SlideId) {
        self.votes(app, session, slide).await;
        self.votes_at(app, session, slide, Tick::at(app.clock.millis()), Told::Everyone).await;
    }

    pub async fn votes_at(&self, app: &App, session: SessionId, slide: SlideId, tick: Tick, told: Told) {
        let place = (session, slide, told == Told::Everyone);
        {
            let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if last.get(&place).is_some_and(|last| *last >= tick) {
                return;
            }
            // before it is sent, so that those who vote meanwhile do not send it too
            last.insert(place, tick);
            if last.len() > 1000 {
                last.retain(|_, other| other.0 + 40 > tick.0);
            }
        }
        let job = CountVotes { session, slide, tick, told, tries: 0, since: None };
        if let Err(error) = app.queues.send(&job, app.clock.now()).await {
            tracing::warn!(%session, %slide, %error, "votes were not announced");
            self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&place);
        }
    }
}
