//! A session together with the slide on its screen.

use entry::App;
use futures::try_join;
use jiff::Timestamp;
use model::{
    Error, SessionId, SlideId,
    session::SessionStatus,
    slide::{SlideContent, SlideType},
};
use protocol::event::SessionSlideView;
use serde_json::Value;
use store::{
    presentations::{
        self,
        slides::{self, Slide},
    },
    sessions::Session,
};

/// A slide as a session shows it.
#[derive(Clone, Debug)]
pub struct SlideOnScreen {
    pub id: SlideId,
    pub content: SlideContent,
    /// Counts from 0.
    pub index: usize,
}

impl SlideOnScreen {
    /// Creates the view that `session` has of a slide.
    pub fn new(session: SessionId, index: usize, slide: Slide) -> Self {
        Self { id: slide.id, content: slide.content.seen_in(session), index }
    }

    /// Returns whether the audience may see the slide. Before the start it sees only the current slide, and never a
    /// quiz. A participant who had read a quiz before the start would answer faster.
    pub fn is_open(&self, session: &Session) -> bool {
        session.status != SessionStatus::Pending
            || (session.current_slide == Some(self.id) && self.content.kind() != SlideType::Quiz)
    }

    /// Returns the slide with everything on it.
    pub fn for_presenter(&self) -> SessionSlideView {
        self.view(self.content.to_value())
    }

    /// Returns the slide without the correct answers, unless the session shows the results.
    pub fn for_audience(&self, session: &Session) -> SessionSlideView {
        self.view(self.content.for_audience(session.shows_results(self.id, &self.content)))
    }

    fn view(&self, content: Value) -> SessionSlideView {
        let kind = self.content.kind().as_str().into();
        SessionSlideView { id: self.id, order_index: self.index, kind, content }
    }
}

/// A session with the slide on its screen.
#[derive(Clone, Debug)]
pub struct SessionSnapshot {
    pub session: Session,
    /// `None` if the presentation has no slides, or does not contain the current slide any more.
    pub current: Option<SlideOnScreen>,
    pub total_slides: usize,
}

/// Returns a slide of the session's presentation, or `None` if the presentation does not contain it.
pub async fn find_slide(
    app: &App,
    session: &Session,
    id: SlideId,
    now: Timestamp,
) -> Result<Option<SlideOnScreen>, Error> {
    let at_slide = Session { current_slide: Some(id), ..session.clone() };
    Ok(load_snapshot(app, at_slide, now).await?.current)
}

/// Reads the current slide of a session that the caller has just read or written.
pub async fn load_snapshot(app: &App, session: Session, now: Timestamp) -> Result<SessionSnapshot, Error> {
    let presentation = presentations::get(&app.store, session.presentation, now);
    let Some(id) = session.current_slide else {
        let total_slides = presentation.await?.map_or(0, |presentation| presentation.slides.len());
        return Ok(SessionSnapshot { session, current: None, total_slides });
    };
    let slide = slides::get(&app.store, session.presentation, id, now);
    let (presentation, slide) = try_join!(presentation, slide)?;
    let order = presentation.map(|presentation| presentation.slides).unwrap_or_default();
    let index = order.iter().position(|other| *other == id);
    let current = slide.zip(index).map(|(slide, index)| SlideOnScreen::new(session.id, index, slide));
    Ok(SessionSnapshot { session, current, total_slides: order.len() })
}

/// Returns whether participants can answer a slide with this content.
pub fn takes_answers(content: &SlideContent) -> bool {
    content.tally(&[]).is_some()
}
