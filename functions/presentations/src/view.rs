//! Presentations and slides as responses contain them.

use entry::http::EntityTag;
use jiff::Timestamp;
use model::{
    PresentationId, SlideId, UserId,
    presentation::{PresentationStatus, Slug},
    slide::SlideContent,
};
use serde::Serialize;
use store::presentations::{Presentation, PresentationContent, slides::Slide};
use utoipa::ToSchema;

/// Returns the tag of a presentation. It stands for the presentation's own fields, its notes and the order of its slides,
/// but not for the content of slides, so that people who edit slides do not disturb each other.
pub(crate) const fn presentation_tag(presentation: &Presentation) -> EntityTag {
    EntityTag::new(PRESENTATION, presentation.version)
}

/// Returns the tag of a slide. It stands for the type and the content, but not for the position, which other slides
/// change too.
pub(crate) const fn slide_tag(slide: &Slide) -> EntityTag {
    EntityTag::new(SLIDE, slide.version)
}

/// The kinds of resources in tags.
pub(crate) const PRESENTATION: &str = "presentation";
pub(crate) const SLIDE: &str = "slide";

/// A presentation as its owner sees it in a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Presentation)]
pub(crate) struct PresentationView {
    pub id: PresentationId,
    /// The owner.
    pub speaker_id: UserId,
    pub title: String,
    pub description: Option<String>,
    pub slug: Slug,
    pub status: PresentationStatus,
    pub slide_count: usize,
    /// The version. Every change of the presentation or of the order of its slides increments it.
    pub version: u64,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
}

impl From<Presentation> for PresentationView {
    fn from(presentation: Presentation) -> Self {
        Self {
            id: presentation.id,
            speaker_id: presentation.owner,
            title: presentation.title,
            description: presentation.description,
            slug: presentation.slug,
            status: presentation.status,
            slide_count: presentation.slides.len(),
            version: presentation.version,
            created_at: presentation.created_at,
            updated_at: presentation.updated_at,
        }
    }
}

/// A presentation with the speaker notes, which only its owner can read.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct PresentationWithNotes {
    #[serde(flatten)]
    pub presentation: PresentationView,
    pub speaker_notes: Option<String>,
}

/// A presentation with its notes and slides.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct PresentationWithSlides {
    #[serde(flatten)]
    pub presentation: PresentationWithNotes,
    /// The slides in their order.
    pub slides: Vec<PresentationSlideView>,
}

impl From<PresentationContent> for PresentationWithSlides {
    fn from(PresentationContent { presentation, notes, slides }: PresentationContent) -> Self {
        let presentation = PresentationWithNotes { presentation: presentation.into(), speaker_notes: notes };
        Self { presentation, slides: slide_views(slides) }
    }
}

/// A presentation as its public link shows it, without notes and owner.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct PublicPresentation {
    pub id: PresentationId,
    pub title: String,
    pub description: Option<String>,
    pub slug: Slug,
    pub status: PresentationStatus,
    pub slide_count: usize,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
}

impl From<Presentation> for PublicPresentation {
    fn from(presentation: Presentation) -> Self {
        Self {
            id: presentation.id,
            title: presentation.title,
            description: presentation.description,
            slug: presentation.slug,
            status: presentation.status,
            slide_count: presentation.slides.len(),
            created_at: presentation.created_at,
            updated_at: presentation.updated_at,
        }
    }
}

/// A slide with its position, its type and its content.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Slide)]
pub(crate) struct PresentationSlideView {
    pub id: SlideId,
    pub presentation_id: PresentationId,
    /// The position, from 0, without gaps.
    pub order_index: usize,
    #[serde(flatten)]
    pub content: SlideContent,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
}

impl PresentationSlideView {
    pub(crate) fn new(order_index: usize, slide: Slide) -> Self {
        Self {
            id: slide.id,
            presentation_id: slide.presentation,
            order_index,
            content: slide.content,
            created_at: slide.created_at,
            updated_at: slide.updated_at,
        }
    }
}

/// Returns all slides of a presentation. The slides must be in their order.
pub(crate) fn slide_views(slides: Vec<Slide>) -> Vec<PresentationSlideView> {
    slides.into_iter().enumerate().map(|(index, slide)| PresentationSlideView::new(index, slide)).collect()
}
