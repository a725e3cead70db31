//! What is kept of a slide when it is shown, and what it wants written on it.

use entry::App;
use jiff::Timestamp;
use model::{Error, session::Pacing};
use store::{
    presentations,
    sessions::Session,
    shown::{self, Shown as Kept},
    slides,
};

use crate::{generate, live::Shown};

/// Keeps the slide as it is shown: a report tells of it, whatever becomes of the presentation; and has it filled, where it
/// wants to be and never was. Where participants turn the slides, all are shown. A failure is only logged: a report then
/// tells of the slide as it is.
pub async fn keep(app: &App, session: &Session, shown: Option<&Shown>, now: Timestamp) {
    let kept = match session.pace {
        Pacing::Presenter => keep_each(app, session, shown.into_iter(), now).await,
        Pacing::Participant => match all(app, session, now).await {
            Ok(all) => keep_each(app, session, all.iter(), now).await,
            Err(error) => Err(error),
        },
    };
    if let Err(error) = kept {
        tracing::warn!(session = %session.id, ?error, "a slide that is shown was not kept");
    }
}

/// The slides of the session's presentation.
pub async fn all(app: &App, session: &Session, now: Timestamp) -> Result<Vec<Shown>, Error> {
    let Some(presentation) = presentations::get(&app.store, session.presentation, now).await? else {
        return Ok(Vec::new());
    };
    let slides = slides::list(&app.store, &presentation, now).await?;
    Ok(slides.into_iter().enumerate().map(|(index, slide)| Shown::of(session.id, index, slide)).collect())
}

async fn keep_each(
    app: &App,
    session: &Session,
    slides: impl Iterator<Item = &Shown>,
    now: Timestamp,
) -> Result<(), Error> {
    for shown in slides {
        let kept = Kept {
            session: session.id,
            slide: shown.id,
            index: shown.index,
            content: shown.content.clone(),
            first_at: now,
            last_at: now,
        };
        shown::show(&app.store, &kept).await?;
        if generate::wants(&shown.content) && session.pace == Pacing::Presenter {
            generate::request(app, session, shown.id, true).await?;
        }
    }
    Ok(())
}
