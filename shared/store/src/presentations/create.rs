//! A new presentation, empty or as a copy.

use futures::{StreamExt, TryStreamExt, stream};
use model::{Error, ErrorCode, presentation::Slug};

use super::{Presentation, SlugClaim, SpeakerNotes};
use crate::{
    ConditionExpression, Store, TransactWrite, dynamodb::error::Result, presentations::slides::Slide,
};

/// Ten slugs drawn from the title, then one drawn from nothing (contract presentations A1.3).
const MAX_SLUG_ATTEMPTS: usize = 11;
/// Writes under way at once.
const CONCURRENT_WRITES: usize = 16;

/// P1, P4: creates a presentation, with the slug that was chosen for it or one drawn from its title.
///
/// Slides that it starts with are written before it: nobody can see them until it is there, and if it never comes they
/// are never seen. In one transaction they would be limited to 48.
///
/// # Errors
/// `Conflict` when the slug that was chosen is taken.
pub async fn create(
    store: &Store,
    mut presentation: Presentation,
    chosen: Option<Slug>,
    notes: Option<String>,
    slides: &[Slide],
) -> model::Result<Presentation> {
    put_slides(store, slides).await?;
    let notes = notes.map(|text| SpeakerNotes { presentation: presentation.id, text });
    let is_chosen = chosen.is_some();
    if let Some(slug) = chosen {
        presentation.slug = slug;
    }
    for attempt in 1..=MAX_SLUG_ATTEMPTS {
        let claim = SlugClaim { slug: presentation.slug.clone(), presentation: presentation.id };
        let mut writes = vec![TransactWrite::put_new(&claim)?, TransactWrite::put_new(&presentation)?];
        if let Some(notes) = &notes {
            writes.push(TransactWrite::put(notes, ConditionExpression::default())?);
        }
        match store.transact(writes).await? {
            Ok(()) => return Ok(presentation),
            Err(_) if is_chosen => {
                return Err(Error::conflict(ErrorCode::SlugTaken, "another presentation has this slug"));
            }
            Err(_) if attempt < MAX_SLUG_ATTEMPTS - 1 => {
                presentation.slug = Slug::from_title(&presentation.title, &mut rand::rng());
            }
            Err(_) => presentation.slug = Slug::random(&mut rand::rng()),
        }
    }
    Err(Error::internal("no slug is free"))
}

async fn put_slides(store: &Store, slides: &[Slide]) -> Result<()> {
    let puts: Vec<_> = slides.iter().map(|slide| put_slide(store, slide)).collect();
    stream::iter(puts).buffer_unordered(CONCURRENT_WRITES).try_collect().await
}

async fn put_slide(store: &Store, slide: &Slide) -> Result<()> {
    store.put(slide).await?;
    store.put(&slide.pointer()).await
}
