//! Presentations. The item holds the order of its slides as a list of their ids; the slides themselves, and the
//! speaker's notes, lie beside it, so that listing and reordering do not carry them.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | P1 | one presentation | table | `PRESENTATION#{id}` | `#` | [`get`] |
//! | P2 | the speaker's notes | table | `PRESENTATION#{id}` | `NOTES` | [`notes`] |
//! | P3 | all of one: itself, notes, slides | table | `PRESENTATION#{id}` | | [`whole`] |
//! | P4 | the presentation with this slug | table | `SLUG#{slug}` | `#` | [`by_slug`] |
//! | P5 | an owner's, the last changed first | gsi1 | `PRESENTATIONS_OF#{user}` | `{updated_at}` | [`page`], [`all`], [`count`] |

mod change;
mod create;
mod delete;
pub mod images;
pub mod slides;

use jiff::Timestamp;
use model::{
    PresentationId, UserId,
    presentation::{PresentationStatus, SlideOrder, Slug},
};
use serde::{Deserialize, Serialize};

pub use self::{
    change::{PresentationUpdate, change},
    create::create,
    delete::delete,
};
use crate::{
    Item, Key, Page, Query, ReadConsistency, Store,
    dynamodb::{
        error::Result,
        item::{from_attributes, is_expired, sortable_timestamp},
        key::{Gsi1Partition, PartitionKey, SortKey},
    },
    presentations::slides::Slide,
};

/// A presentation as it lies in the table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Presentation {
    pub id: PresentationId,
    pub owner: UserId,
    pub title: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    pub slug: Slug,
    pub status: PresentationStatus,
    /// The slides in the order in which they are shown: a slide's index is its place here.
    pub slides: SlideOrder,
    /// Rises with every change of this item.
    pub version: u64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// What a search looks through: `contains` tells upper from lower case.
    title_lower: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    description_lower: Option<String>,
    /// Being deleted: nobody is shown it any more, and whoever repeats the deletion goes on with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    deleted_at: Option<Timestamp>,
}

impl Presentation {
    /// A draft without slides; [`create`] has the last word on its slug.
    pub fn new(
        id: PresentationId,
        owner: UserId,
        title: String,
        description: Option<String>,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            owner,
            title_lower: title.to_lowercase(),
            description_lower: description.as_deref().map(str::to_lowercase),
            slug: Slug::from_title(&title, &mut rand::rng()),
            title,
            description,
            status: PresentationStatus::default(),
            slides: SlideOrder::default(),
            version: 1,
            created_at: now,
            updated_at: now,
            deleted_at: None,
        }
    }

    fn is_available(&self) -> bool {
        self.deleted_at.is_none()
    }
}

impl Item for Presentation {
    const KIND: &'static str = "presentation";

    fn key(&self) -> Key {
        key(self.id)
    }

    fn gsi1(&self) -> Option<(Gsi1Partition, String)> {
        self.is_available()
            .then(|| (Gsi1Partition::PresentationsOf(self.owner), sortable_timestamp(self.updated_at)))
    }
}

/// What only the speaker reads, and the assistant that answers for them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct SpeakerNotes {
    presentation: PresentationId,
    text: String,
}

impl Item for SpeakerNotes {
    const KIND: &'static str = "speaker_notes";

    fn key(&self) -> Key {
        notes_key(self.presentation)
    }
}

/// The claim of a presentation on its slug.
#[derive(Debug, Serialize, Deserialize)]
struct SlugClaim {
    slug: Slug,
    presentation: PresentationId,
}

impl Item for SlugClaim {
    const KIND: &'static str = "slug_claim";

    fn key(&self) -> Key {
        slug_key(&self.slug)
    }
}

pub fn key(id: PresentationId) -> Key {
    Key::new(&PartitionKey::Presentation(id), &SortKey::Self_)
}

fn notes_key(id: PresentationId) -> Key {
    Key::new(&PartitionKey::Presentation(id), &SortKey::Notes)
}

fn slug_key(slug: &Slug) -> Key {
    Key::new(&PartitionKey::Slug(slug.as_str()), &SortKey::Self_)
}

/// P1: without notes; 1 read unit up to a hundred slides. Strong: a session is made, and a slide shown, right after it was
/// written.
pub async fn get(store: &Store, id: PresentationId, now: Timestamp) -> Result<Option<Presentation>> {
    let found: Option<Presentation> = store.get(&key(id), ReadConsistency::Strong, now).await?;
    Ok(found.filter(Presentation::is_available))
}

/// P1 for whoever is about to change it: sees every change that was acknowledged before. Others' are not found.
///
/// # Errors
/// `NotFound` where there is none, or none of this owner.
pub async fn get_owned(
    store: &Store,
    owner: UserId,
    id: PresentationId,
    now: Timestamp,
) -> model::Result<Presentation> {
    let found: Option<Presentation> = store.get(&key(id), ReadConsistency::Strong, now).await?;
    found
        .filter(|found| found.is_available() && found.owner == owner)
        .ok_or(model::Error::NotFound("presentation"))
}

/// P2.
pub async fn get_notes(store: &Store, id: PresentationId, now: Timestamp) -> Result<Option<String>> {
    let notes: Option<SpeakerNotes> = store.get(&notes_key(id), ReadConsistency::Strong, now).await?;
    Ok(notes.map(|notes| notes.text))
}

/// A presentation with everything that is part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PresentationContent {
    pub presentation: Presentation,
    pub notes: Option<String>,
    /// In their order.
    pub slides: Vec<Slide>,
}

/// P3: one query, which sees every change that was acknowledged before.
pub async fn get_content(
    store: &Store,
    id: PresentationId,
    now: Timestamp,
) -> Result<Option<PresentationContent>> {
    let query = Query::partition(&PartitionKey::Presentation(id)).strong();
    let (mut presentation, mut notes, mut slides) = (None::<Presentation>, None, Vec::new());
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
    let slides = crate::presentations::slides::in_order(&presentation.slides, slides);
    Ok(Some(PresentationContent { presentation, notes, slides }))
}

/// P4.
pub async fn by_slug(store: &Store, slug: &Slug, now: Timestamp) -> Result<Option<Presentation>> {
    let claim: Option<SlugClaim> = store.get(&slug_key(slug), ReadConsistency::Eventual, now).await?;
    let Some(claim) = claim else { return Ok(None) };
    let found = get(store, claim.presentation, now).await?;
    // a claim outlives its presentation for a moment
    Ok(found.filter(|found| found.slug == *slug))
}

/// Which presentations of an owner.
#[derive(Clone, Debug, Default)]
pub struct PresentationFilter {
    /// In title or description, whatever the case.
    pub search: Option<String>,
    pub status: Option<PresentationStatus>,
}

/// P5: up to `limit` from a cursor on. A filtered page may come back short, with a cursor.
pub async fn page(
    store: &Store,
    owner: UserId,
    filter: &PresentationFilter,
    limit: usize,
    cursor: Option<&str>,
    now: Timestamp,
) -> Result<Page<Presentation>> {
    store.page(list_query(owner, filter), limit, cursor, now).await
}

/// P5: all of them, for lists that say how many there are; as dear as the owner has presentations.
pub async fn list(
    store: &Store,
    owner: UserId,
    filter: &PresentationFilter,
    now: Timestamp,
) -> Result<Vec<Presentation>> {
    store.query_all(list_query(owner, filter), now).await
}

/// P5: how many an owner has.
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
