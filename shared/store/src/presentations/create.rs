//! Creation of a presentation, empty or as a copy.

use futures::{StreamExt, TryStreamExt, stream};
use model::presentation::Slug;

use super::items::{Presentation, Slide, SlugClaim, SpeakerNotes};
use crate::{
    ConditionExpression, Store, TransactOutcome, TransactWrite, WriteOutcome,
    dynamodb::error::{Result, StoreError},
};

/// Ten slugs made from the title, then a random one (contract presentations A1.3).
const MAX_SLUG_ATTEMPTS: usize = 11;
/// The number of concurrent writes.
const CONCURRENT_WRITES: usize = 16;

/// PRESENTATIONS-1, PRESENTATIONS-4. Creates a presentation, with the chosen slug or one made from its title. The
/// condition fails if the chosen slug is taken.
///
/// Its first slides are written before it. They are not visible until the presentation exists, and never if it is not
/// created. A transaction with them would be limited to 48 slides.
pub async fn create(
    store: &Store,
    mut presentation: Presentation,
    chosen: Option<Slug>,
    notes: Option<String>,
    slides: &[Slide],
) -> Result<WriteOutcome<Presentation>> {
    put_slides(store, slides).await?;
    let notes = notes.map(|text| SpeakerNotes { presentation: presentation.id, text });
    let is_chosen = chosen.is_some();
    if let Some(slug) = chosen {
        presentation.slug = slug;
    }
    for attempt in 1..=MAX_SLUG_ATTEMPTS {
        let claim = SlugClaim { slug: presentation.slug.clone(), presentation: presentation.id };
        let mut writes = vec![
            ("slug", TransactWrite::put_new(&claim)?),
            ("presentation", TransactWrite::put_new(&presentation)?),
        ];
        if let Some(notes) = &notes {
            writes.push(("notes", TransactWrite::put(notes, ConditionExpression::default())?));
        }
        match store.transact(writes).await? {
            TransactOutcome::Applied => return Ok(WriteOutcome::Applied(presentation)),
            TransactOutcome::Failed(_) if is_chosen => return Ok(WriteOutcome::ConditionFailed),
            TransactOutcome::Failed(_) if attempt < MAX_SLUG_ATTEMPTS - 1 => {
                presentation.slug = Slug::from_title(&presentation.title, &mut rand::rng());
            }
            TransactOutcome::Failed(_) => presentation.slug = Slug::random(&mut rand::rng()),
        }
    }
    Err(StoreError::InvalidRequest("no slug is free".into()))
}

async fn put_slides(store: &Store, slides: &[Slide]) -> Result<()> {
    let puts: Vec<_> = slides.iter().map(|slide| put_slide(store, slide)).collect();
    stream::iter(puts).buffer_unordered(CONCURRENT_WRITES).try_collect().await
}

async fn put_slide(store: &Store, slide: &Slide) -> Result<()> {
    store.put(slide).await?;
    store.put(&slide.pointer()).await
}
