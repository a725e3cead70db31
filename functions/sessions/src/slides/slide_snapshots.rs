//! Stores the slides of a session as they were shown, and requests the texts that they want generated.

use entry::App;
use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use model::{Error, session::SlidePacing};
use store::{
    presentations::{self, slides},
    sessions::{
        Session,
        slide_snapshots::{self, SlideSnapshot},
    },
};

use super::generate::{request_generation, wants_generation};
use crate::session_snapshot::SlideOnScreen;

/// Snapshots that are written concurrently.
const WRITE_CONCURRENCY: usize = 16;

/// Stores a slide as it is shown, so that the report has it even if the presentation changes later. Requests its
/// generated text if the slide wants one and none is pending or done. A failure is only logged. The report then has the
/// slide as the presentation has it.
pub async fn snapshot_slide(app: &App, session: &Session, slide: &SlideOnScreen, now: Timestamp) {
    log_failure(session, store_snapshot(app, session, slide, now).await);
}

/// Stores every slide of a self-paced session, whose slides are all shown from the start. A failure is only logged.
pub async fn snapshot_all_slides(app: &App, session: &Session, now: Timestamp) {
    let stored = async {
        let slides = presentation_slides(app, session, now).await?;
        let writes =
            slides.into_iter().map(|slide| async move { store_snapshot(app, session, &slide, now).await });
        stream::iter(writes).buffer_unordered(WRITE_CONCURRENCY).try_collect::<()>().await
    };
    log_failure(session, stored.await);
}

fn log_failure(session: &Session, stored: Result<(), Error>) {
    if let Err(error) = stored {
        tracing::warn!(session = %session.id, ?error, "storing a slide snapshot failed");
    }
}

/// Returns the slides of the session's presentation, in their order.
///
/// # Errors
/// Fails if the slides cannot be read.
pub async fn presentation_slides(
    app: &App,
    session: &Session,
    now: Timestamp,
) -> Result<Vec<SlideOnScreen>, Error> {
    let Some(presentation) = presentations::get(&app.store, session.presentation, now).await? else {
        return Ok(Vec::new());
    };
    let slides = slides::list(&app.store, &presentation, now).await?;
    Ok(slides
        .into_iter()
        .enumerate()
        .map(|(index, slide)| SlideOnScreen::new(session.id, index, slide))
        .collect())
}

async fn store_snapshot(
    app: &App,
    session: &Session,
    slide: &SlideOnScreen,
    now: Timestamp,
) -> Result<(), Error> {
    let snapshot = SlideSnapshot {
        session: session.id,
        slide: slide.id,
        index: slide.index,
        content: slide.content.clone(),
        first_at: now,
        last_at: now,
    };
    slide_snapshots::record(&app.store, &snapshot).await?;
    if wants_generation(&slide.content) && session.pace == SlidePacing::Presenter {
        request_generation(app, session, slide.id, true).await?;
    }
    Ok(())
}
