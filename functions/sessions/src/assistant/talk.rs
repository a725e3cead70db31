//! What a model may know of a talk.

use ai::{Notes, Source, Talk};
use entry::App;
use jiff::Timestamp;
use model::{Error, PresentationId};
use store::{presentations, slides::Slide};

/// Title, notes without their private parts, and slides. 1 query, as large as the presentation.
///
/// # Errors
/// `NotFound` where the presentation is gone.
pub async fn of(app: &App, id: PresentationId, now: Timestamp) -> Result<(Talk, Vec<Slide>), Error> {
    let whole = presentations::whole(&app.store, id, now).await?.ok_or(Error::NotFound("presentation"))?;
    let talk = Talk {
        title: whole.presentation.title,
        notes: Notes::new(whole.notes.as_deref().unwrap_or_default()),
        slides: whole.slides.iter().map(source).collect(),
    };
    Ok((talk, whole.slides))
}

/// A slide as a source: what can be read on it.
pub fn source(slide: &Slide) -> Source {
    let texts = slide.content.texts();
    Source {
        id: slide.id.to_string(),
        label: texts
            .first()
            .map(|text| text.lines().next().unwrap_or_default().to_owned())
            .unwrap_or_default(),
        text: texts.join("\n"),
    }
}
