//! What the assistant does in a session: how far it is, and what its answers rest on.

use serde::{Deserialize, Serialize};

use crate::SlideId;

/// Where a sentence of an answer comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Citation {
    pub source: CitationSource,
    /// Where it is a slide.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slide_id: Option<SlideId>,
    /// One sentence at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quote: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CitationSource {
    /// The speaker's notes.
    Notes,
    Slide,
}

/// How far the assistant is with a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AssistantStatus {
    /// It is not asked.
    Off,
    Waiting,
    /// Its draft waits for the presenter.
    Drafted,
    Answered,
    /// The session, or whoever asks, has had its answers.
    QuotaExceeded,
    Failed,
}

/// How far a model is with what it writes on a slide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GenerationStatus {
    Queued,
    Done,
    Failed,
}
