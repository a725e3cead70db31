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
use model::{
    Error, SessionId, SlideId,
    session::{SessionStatus, SlidePacing},
    slide::{SlideContent, SlideType},
};
use protocol::event::SessionSlideView;
use serde_json::Value;
use store::{
    ReadConsistency,
    presentations::{
        self,
        slides::{self, Slide},
    },
    sessions::{self, Session},
};

const CACHE_TTL: SignedDuration = SignedDuration::from_millis(500);

/// A slide on the screen.
#[derive(Clone, Debug)]
pub struct SlideOnScreen {
    pub id: SlideId,
    pub content: SlideContent,
    /// From 0.
    pub index: usize,
}

impl SlideOnScreen {
    /// A slide as it is in a session.
    pub fn new(session: SessionId, index: usize, slide: Slide) -> Self {
        Self { id: slide.id, content: slide.content.seen_in(session), index }
    }

    /// May the audience see it before the session begins? Whoever read a quiz then would be the quicker.
    pub fn is_open(&self, session: &Session) -> bool {
        session.status != SessionStatus::Pending
            || (session.current_slide == Some(self.id) && self.content.kind() != SlideType::Quiz)
    }

    /// With everything on it.
    pub fn for_presenter(&self) -> SessionSlideView {
        self.view(self.content.to_value())
    }

    /// As everyone in the room may see it: what is right stays the presenter's until the results are shown.
    pub fn for_audience(&self, session: &Session) -> SessionSlideView {
        self.view(self.content.for_audience(session.shows_results(self.id, &self.content)))
    }

    fn view(&self, content: Value) -> SessionSlideView {
        let kind = self.content.kind().as_str().into();
        SessionSlideView { id: self.id, order_index: self.index, kind, content }
    }
}

/// A session with what is on its screen.
#[derive(Clone, Debug)]
pub struct SessionSnapshot {
    pub session: Session,
    /// `None` where the presentation has no slides, or lost this one.
    pub shown: Option<SlideOnScreen>,
    pub total_slides: usize,
}

/// When it was read, and what it was; under a slide what a participant sees who is at it.
type CachedSnapshots = HashMap<(SessionId, Option<SlideId>), (Timestamp, Arc<SessionSnapshot>)>;

/// Cheap to clone.
#[derive(Clone, Default)]
pub struct SessionCache(Arc<Mutex<CachedSnapshots>>);

impl SessionCache {
    fn lock(&self) -> MutexGuard<'_, CachedSnapshots> {
        // no code panics while it holds the lock; if it did, the map would still be whole
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn cached(&self, key: (SessionId, Option<SlideId>), now: Timestamp) -> Option<Arc<SessionSnapshot>> {
        let found = self.lock().get(&key).filter(|(read, _)| now < *read + CACHE_TTL).cloned();
        found.map(|(_, moment)| moment)
    }

    fn insert(
        &self,
        key: (SessionId, Option<SlideId>),
        moment: SessionSnapshot,
        now: Timestamp,
    ) -> Arc<SessionSnapshot> {
        let moment = Arc::new(moment);
        let mut moments = self.lock();
        moments.retain(|_, (read, _)| now < *read + CACHE_TTL);
        moments.insert(key, (now, moment.clone()));
        moment
    }

    /// As remembered, if it is fresh enough; else as it is.
    pub async fn get_cached(&self, app: &App, session: SessionId) -> Result<Arc<SessionSnapshot>, Error> {
        match self.cached((session, None), app.clock.now()) {
            Some(moment) => Ok(moment),
            None => self.get_fresh(app, session).await,
        }
    }

    /// As it is.
    ///
    /// # Errors
    /// `NotFound` where there is no such session.
    pub async fn get_fresh(&self, app: &App, session: SessionId) -> Result<Arc<SessionSnapshot>, Error> {
        let now = app.clock.now();
        let found = sessions::get(&app.store, session, ReadConsistency::Strong, now).await?;
        let moment = load_snapshot(app, found.ok_or(Error::NotFound("session"))?, now).await?;
        Ok(self.insert((session, None), moment, now))
    }

    /// For a participant who is at a slide: where the presenter turns the slides, the same; else with that slide, as
    /// remembered if `moment` is.
    pub async fn get_at_slide(
        &self,
        app: &App,
        moment: Arc<SessionSnapshot>,
        slide: SlideId,
    ) -> Result<Arc<SessionSnapshot>, Error> {
        let is_shown = moment.shown.as_ref().is_some_and(|shown| shown.id == slide);
        if is_shown || moment.session.pace == SlidePacing::Presenter {
            return Ok(moment);
        }
        let (now, key) = (app.clock.now(), (moment.session.id, Some(slide)));
        if let Some(known) = self.cached(key, now).filter(|known| known.session == moment.session) {
            return Ok(known);
        }
        let shown = self::find_slide(app, &moment.session, slide, now).await?;
        let turned =
            SessionSnapshot { session: moment.session.clone(), shown, total_slides: moment.total_slides };
        Ok(self.insert(key, turned, now))
    }
}

/// A slide of a session's presentation; `None` where it has none of this id.
pub async fn find_slide(
    app: &App,
    session: &Session,
    id: SlideId,
    now: Timestamp,
) -> Result<Option<SlideOnScreen>, Error> {
    let at = Session { current_slide: Some(id), ..session.clone() };
    Ok(load_snapshot(app, at, now).await?.shown)
}

/// What is on the screen of a session as it was read (or has just been written).
pub async fn load_snapshot(app: &App, session: Session, now: Timestamp) -> Result<SessionSnapshot, Error> {
    let presentation = presentations::get(&app.store, session.presentation, now);
    let Some(id) = session.current_slide else {
        let total_slides = presentation.await?.map_or(0, |presentation| presentation.slides.len());
        return Ok(SessionSnapshot { session, shown: None, total_slides });
    };
    let slide = slides::get(&app.store, session.presentation, id, now);
    let (presentation, slide) = try_join!(presentation, slide)?;
    let order = presentation.map(|presentation| presentation.slides).unwrap_or_default();
    let index = order.iter().position(|other| *other == id);
    let shown = slide.zip(index).map(|(slide, index)| SlideOnScreen::new(session.id, index, slide));
    Ok(SessionSnapshot { session, shown, total_slides: order.len() })
}
