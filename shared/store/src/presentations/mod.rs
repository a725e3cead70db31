//! Presentations with their slides and images.
//!
//! | # | question | file |
//! | --- | --- | --- |
//! | PRESENTATIONS-1–5 | presentations: one, its notes, its content, by slug, all of an owner | this file |
//! | PRESENTATIONS-6–8 | slides: one, by its id alone, all of a presentation | [`slides`] |
//! | PRESENTATIONS-9–12 | images: one, its bytes, orphaned chunks, due checks | [`images`] |
//!
//! The item of a presentation contains the order of its slides as a list of ids. The slides and the speaker's notes are
//! items beside it, so that a list or a new order does not carry them.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | PRESENTATIONS-1 | one presentation | table | `PRESENTATION#{id}` | `#` | [`get`], [`get_owned`], [`create`](create()), [`change`](change()), [`delete`](delete()) |
//! | PRESENTATIONS-2 | the speaker's notes | table | `PRESENTATION#{id}` | `NOTES` | [`get_notes`] |
//! | PRESENTATIONS-3 | a presentation with its notes and slides | table | `PRESENTATION#{id}` | | [`get_content`] |
//! | PRESENTATIONS-4 | the presentation of this slug | table | `SLUG#{slug}` | `#` | [`by_slug`] |
//! | PRESENTATIONS-5 | an owner's presentations, last change first | gsi1 | `PRESENTATIONS_OF#{user}` | `{updated_at}` | [`page`], [`list`], [`count`] |

mod change;
mod create;
mod delete;
pub mod due;
pub mod images;
mod items;
pub mod slides;

use jiff::Timestamp;
use model::{
    PresentationId, UserId,
    presentation::{PresentationStatus, Slug},
};

use self::items::{Slide, SlugClaim, SpeakerNotes, in_order, notes_key, presentation_key, slug_key};
pub use self::{
    change::{PresentationChangeOutcome, PresentationUpdate, change},
    create::create,
    delete::delete,
    items::Presentation,
};
use crate::{
    Item, Page, PageRequest, Query, ReadConsistency, Store,
    dynamodb::{
        error::{Result, StoreError},
        item::{from_attributes, is_expired},
        key::{Gsi1Partition, PartitionKey},
    },
};

/// PRESENTATIONS-1. Returns a presentation without its notes. Strong, because a session is created, or a slide shown,
/// right after a change. 1 read unit up to a hundred slides.
pub async fn get(store: &Store, id: PresentationId, now: Timestamp) -> Result<Option<Presentation>> {
    let found: Option<Presentation> = store.get(&presentation_key(id), ReadConsistency::Strong, now).await?;
    Ok(found.filter(Presentation::is_available))
}

/// PRESENTATIONS-1. Returns a presentation of an owner who is about to change it, after every change that was
/// acknowledged before.
///
/// # Errors
/// Returns [`StoreError::NotFound`] if there is none, or it belongs to another owner.
pub async fn get_owned(
    store: &Store,
    owner: UserId,
    id: PresentationId,
    now: Timestamp,
) -> Result<Presentation> {
    let found: Option<Presentation> = store.get(&presentation_key(id), ReadConsistency::Strong, now).await?;
    found
        .filter(|found| found.is_available() && found.owner == owner)
        .ok_or(StoreError::NotFound("presentation"))
}

/// PRESENTATIONS-2. Returns the speaker's notes.
pub async fn get_notes(store: &Store, id: PresentationId, now: Timestamp) -> Result<Option<String>> {
    let notes: Option<SpeakerNotes> = store.get(&notes_key(id), ReadConsistency::Strong, now).await?;
    Ok(notes.map(|notes| notes.text))
}

/// A presentation with its notes and slides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PresentationContent {
    pub presentation: Presentation,
    pub notes: Option<String>,
    /// The slides in their order.
    pub slides: Vec<Slide>,
}

/// PRESENTATIONS-3. Returns a presentation with its notes and slides, by one strong query.
pub async fn get_content(
    store: &Store,
    id: PresentationId,
    now: Timestamp,
) -> Result<Option<PresentationContent>> {
    let query = Query::partition(&PartitionKey::Presentation(id)).strong();
    let mut presentation = None::<Presentation>;
    let mut notes = None;
    let mut slides = Vec::new();
    let mut start = None;
    loop {
        let (items, next) = store.query_once(query.clone().start(start)).await?;
        for item in items.into_iter().filter(|item| !is_expired(item, now)) {
            match item.get("kind").and_then(|kind| kind.as_s().ok()).map(String::as_str) {
                Some(Presentation::KIND) => presentation = Some(from_attributes(item)?),
                Some(SpeakerNotes::KIND) => notes = Some(from_attributes::<SpeakerNotes>(item)?.text),
                Some(Slide::KIND) => slides.push(from_attributes(item)?),
                _ => {}
            }
        }
        start = next;
        if start.is_none() {
            break;
        }
    }
    let Some(presentation) = presentation.filter(Presentation::is_available) else { return Ok(None) };
    let slides = in_order(&presentation.slides, slides);
    Ok(Some(PresentationContent { presentation, notes, slides }))
}

/// PRESENTATIONS-4. Returns the presentation of a slug.
pub async fn by_slug(store: &Store, slug: &Slug, now: Timestamp) -> Result<Option<Presentation>> {
    let claim: Option<SlugClaim> = store.get(&slug_key(slug), ReadConsistency::Eventual, now).await?;
    let Some(claim) = claim else { return Ok(None) };
    let found = get(store, claim.presentation, now).await?;
    // A claim outlives its presentation for a moment.
    Ok(found.filter(|found| found.slug == *slug))
}

/// A filter of an owner's presentations.
#[derive(Clone, Debug, Default)]
pub struct PresentationFilter {
    /// A text that title or description must contain, in any case.
    pub search: Option<String>,
    pub status: Option<PresentationStatus>,
}

/// PRESENTATIONS-5. Returns up to `limit` presentations from a cursor on. A filtered page may be short and have a
/// cursor.
pub async fn page(
    store: &Store,
    owner: UserId,
    filter: &PresentationFilter,
    request: &PageRequest,
    now: Timestamp,
) -> Result<Page<Presentation>> {
    store.page(list_query(owner, filter), request, now).await
}

/// PRESENTATIONS-5. Returns all presentations of an owner, for lists with a total. Costs by their number.
pub async fn list(
    store: &Store,
    owner: UserId,
    filter: &PresentationFilter,
    now: Timestamp,
) -> Result<Vec<Presentation>> {
    store.query_all(list_query(owner, filter), now).await
}

/// PRESENTATIONS-5. Counts the presentations of an owner.
pub async fn count(store: &Store, owner: UserId) -> Result<u64> {
    store.count(list_query(owner, &PresentationFilter::default())).await
}

fn list_query(owner: UserId, filter: &PresentationFilter) -> Query {
    let query = Query::gsi1(&Gsi1Partition::PresentationsOf(owner)).newest_first();
    let search = filter.search.as_deref().map(str::trim).filter(|search| !search.is_empty());
    let found = search.map(|_| "(contains(title_lower, :search) OR contains(description_lower, :search))");
    let status = filter.status.map(|_| "#status = :status");
    let wanted: Vec<&str> = [found, status].into_iter().flatten().collect();
    if wanted.is_empty() {
        return query;
    }
    query.filter(&wanted.join(" AND "), |mut bound| {
        if let Some(search) = search {
            bound = bound.text(":search", search.to_lowercase());
        }
        if let Some(status) = filter.status {
            bound = bound.name("#status", "status").text(":status", status.as_str());
        }
        bound
    })
}
