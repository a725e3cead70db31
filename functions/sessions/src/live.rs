//! What is live now, as one instance remembers it: a session and its current slide, for half a second.
//!
//! Half a second and not the two seconds that a memory of this sort could hold: in a burst of a thousand votes it saves as
//! much (an instance asks twice a second), and a vote cast after the presenter paused is stored for a quarter of the
//! time. The memory may accept, never refuse: before an answer is refused, everything is read afresh.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use entry::App;
use futures::try_join;
use jiff::{SignedDuration, Timestamp};
use model::{Error, SessionId, SlideId, slide::Content};
use protocol::event::SlideView;
use serde_json::Value;
use store::{
    Freshness, presentations,
    sessions::{self, Session},
    slides,
};

const REMEMBERED: SignedDuration = SignedDuration::from_millis(500);

/// A slide on the screen.
#[derive(Clone, Debug)]
pub struct Shown {
    pub id: SlideId,
    pub content: Content,
    /// From 0.
    pub index: usize,
}

impl Shown {
    /// With everything on it.
    pub fn for_presenter(&self) -> SlideView {
        self.view(self.content.to_value())
    }

    /// As everyone in the room may see it: what is right stays the presenter's until the results are shown.
    pub fn for_audience(&self) -> SlideView {
        self.view(self.content.for_audience(self.content.shows_results()))
    }

    fn view(&self, content: Value) -> SlideView {
        let kind = self.content.kind().as_str().into();
        SlideView { id: self.id, order_index: self.index, kind, content }
    }
}

/// A session with what is on its screen.
#[derive(Clone, Debug)]
pub struct Moment {
    pub session: Session,
    /// `None` where the presentation has no slides, or lost this one.
    pub shown: Option<Shown>,
    pub total_slides: usize,
}

/// When it was read, and what it was.
type Moments = HashMap<SessionId, (Timestamp, Arc<Moment>)>;

/// Cheap to clone.
#[derive(Clone, Default)]
pub struct Live(Arc<Mutex<Moments>>);

impl Live {
    fn moments(&self) -> MutexGuard<'_, Moments> {
        // no code panics while it holds the lock; if it did, the map would still be whole
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// As remembered, if it is fresh enough; else as it is.
    pub async fn recent(&self, app: &App, session: SessionId) -> Result<Arc<Moment>, Error> {
        let now = app.clock.now();
        let remembered = self.moments().get(&session).filter(|(read, _)| now < *read + REMEMBERED).cloned();
        match remembered {
            Some((_, moment)) => Ok(moment),
            None => self.fresh(app, session).await,
        }
    }

    /// As it is.
    ///
    /// # Errors
    /// `NotFound` where there is no such session.
    pub async fn fresh(&self, app: &App, session: SessionId) -> Result<Arc<Moment>, Error> {
        let now = app.clock.now();
        let found = sessions::get(&app.store, session, Freshness::Strong, now).await?;
        let session = found.ok_or(Error::NotFound("session"))?;
        let moment = Arc::new(moment(app, session, now).await?);
        let mut moments = self.moments();
        moments.retain(|_, (read, _)| now < *read + REMEMBERED);
        moments.insert(moment.session.id, (now, moment.clone()));
        Ok(moment)
    }
}

/// What is on the screen of a session as it was read (or has just been written).
pub async fn moment(app: &App, session: Session, now: Timestamp) -> Result<Moment, Error> {
    let presentation = presentations::get(&app.store, session.presentation, now);
    let Some(id) = session.current_slide else {
        let total_slides = presentation.await?.map_or(0, |presentation| presentation.slides.len());
        return Ok(Moment { session, shown: None, total_slides });
    };
    let slide = slides::get(&app.store, session.presentation, id, now);
    let (presentation, slide) = try_join!(presentation, slide)?;
    let order = presentation.map(|presentation| presentation.slides).unwrap_or_default();
    let index = order.iter().position(|other| *other == id);
    let shown = slide.zip(index).map(|(slide, index)| Shown { id, content: slide.content, index });
    Ok(Moment { session, shown, total_slides: order.len() })
}
