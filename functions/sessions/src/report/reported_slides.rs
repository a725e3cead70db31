use std::collections::HashSet;

use entry::App;
use jiff::Timestamp;
use model::{Error, SlideId, slide::SlideContent};
use store::sessions::{Session, responses, slide_snapshots};

use crate::{session_snapshot::takes_answers, slides::slide_snapshots::presentation_slides};

/// A slide in a report or an export. A shown slide has its content as it was last shown. A slide that was answered but
/// never shown has its current content.
pub struct ReportedSlide {
    pub id: SlideId,
    /// Counts from 0.
    pub index: usize,
    pub content: SlideContent,
    /// When the slide was first shown. `None` if it was never shown.
    pub first_at: Option<Timestamp>,
}

/// Returns the slides of a session that were shown or answered, in their order.
///
/// # Errors
/// Fails if the slides cannot be read.
pub async fn reported_slides(
    app: &App,
    session: &Session,
    now: Timestamp,
) -> Result<Vec<ReportedSlide>, Error> {
    let snapshots = slide_snapshots::list(&app.store, session.id, now).await?;
    let mut slides: Vec<ReportedSlide> = snapshots
        .into_iter()
        .map(|snapshot| ReportedSlide {
            id: snapshot.slide,
            index: snapshot.index,
            content: snapshot.content,
            first_at: Some(snapshot.first_at),
        })
        .collect();
    let shown: HashSet<SlideId> = slides.iter().map(|slide| slide.id).collect();
    for slide in presentation_slides(app, session, now).await? {
        let is_new = !shown.contains(&slide.id) && takes_answers(&slide.content);
        if is_new && responses::exists_for_slide(&app.store, session.id, slide.id).await? {
            slides.push(ReportedSlide {
                id: slide.id,
                index: slide.index,
                content: slide.content,
                first_at: None,
            });
        }
    }
    slides.sort_by_key(|slide| (slide.index, slide.first_at, slide.id));
    Ok(slides)
}
