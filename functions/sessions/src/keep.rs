//! What is kept of a slide when it is shown, and what it wants written on it.

use entry::App;
use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use model::{Error, session::SlidePacing};
use store::{
    presentations::{self, slides},
    sessions::{
        Session,
        slide_snapshots::{self, SlideSnapshot as Kept},
    },
};

use crate::{generate, live::SlideOnScreen};

/// Slides that are written at once.
const WRITE_CONCURRENCY: usize = 16;

/// Keeps the slide as it is shown: a report tells of it, whatever becomes of the presentation; and has it filled, where it
/// wants to be and never was. A failure is only logged: a report then tells of the slide as it is.
pub async fn snapshot_slide(app: &App, session: &Session, shown: &SlideOnScreen, now: Timestamp) {
    log_failure(session, store_snapshot(app, session, shown, now).await);
}

/// Keeps every slide: where participants turn them, all are shown from the start.
pub async fn snapshot_all_slides(app: &App, session: &Session, now: Timestamp) {
    let kept = async {
        let all = presentation_slides(app, session, now).await?;
        let writes =
            all.into_iter().map(|shown| async move { store_snapshot(app, session, &shown, now).await });
        stream::iter(writes).buffer_unordered(WRITE_CONCURRENCY).try_collect::<()>().await
    };
    log_failure(session, kept.await);
}

fn log_failure(session: &Session, kept: Result<(), Error>) {
    if let Err(error) = kept {
        tracing::warn!(session = %session.id, ?error, "a slide that is shown was not kept");
    }
}

/// The slides of the session's presentation.
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
    shown: &SlideOnScreen,
    now: Timestamp,
) -> Result<(), Error> {
    let kept = Kept {
        session: session.id,
        slide: shown.id,
        index: shown.index,
        content: shown.content.clone(),
        first_at: now,
        last_at: now,
    };
    slide_snapshots::record(&app.store, &kept).await?;
    if generate::wants_generation(&shown.content) && session.pace == SlidePacing::Presenter {
        generate::request_generation(app, session, shown.id, true).await?;
    }
    Ok(())
}
