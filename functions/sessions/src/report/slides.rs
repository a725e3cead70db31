use std::collections::HashSet;

use entry::App;
use jiff::Timestamp;
use model::{Error, SlideId, slide::SlideContent};
use store::sessions::{Session, responses, slide_snapshots};

use crate::keep;

/// A slide that was shown, as it was shown last; or answered though nobody showed it, as it is.
pub struct ReportedSlide {
    pub id: SlideId,
    /// From 0.
    pub index: usize,
    pub content: SlideContent,
    /// When it was shown first.
    pub first_at: Option<Timestamp>,
}

/// In their order.
pub async fn reported_slides(
    app: &App,
    session: &Session,
    now: Timestamp,
) -> Result<Vec<ReportedSlide>, Error> {
    let shown =
        slide_snapshots::list(&app.store, session.id, now).await?.into_iter().map(|shown| ReportedSlide {
            id: shown.slide,
            index: shown.index,
            content: shown.content,
            first_at: Some(shown.first_at),
        });
    let mut all: Vec<ReportedSlide> = shown.collect();
    let known: HashSet<SlideId> = all.iter().map(|told| told.id).collect();
    for slide in keep::presentation_slides(app, session, now).await? {
        let is_new = !known.contains(&slide.id) && takes_answers(&slide.content);
        if is_new && responses::exists_for_slide(&app.store, session.id, slide.id).await? {
            all.push(ReportedSlide {
                id: slide.id,
                index: slide.index,
                content: slide.content,
                first_at: None,
            });
        }
    }
    all.sort_by_key(|told| (told.index, told.first_at, told.id));
    Ok(all)
}

pub fn takes_answers(content: &SlideContent) -> bool {
    content.tally(&[]).is_some()
}
