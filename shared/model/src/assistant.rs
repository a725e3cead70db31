//! The states of the assistant's work in a session, and the sources of its answers.

use serde::{Deserialize, Serialize};

use crate::SlideId;

/// The source of a sentence in an answer, either the speaker's notes or a slide.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Citation {
    pub source: CitationSource,
    /// The id of the slide, if the source is a slide.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slide_id: Option<SlideId>,
    /// The cited text, at most one sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quote: Option<String>,
}

/// The kind of a source. `notes` are the speaker's notes, and `slide` is a slide of the presentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CitationSource {
    /// The speaker's notes.
    Notes,
    Slide,
}

/// The state of the assistant's work on a question. With `off`, the assistant does not answer this question. With
/// `waiting`, it has not answered yet. With `drafted`, its draft waits for the presenter's approval. With `answered`,
/// its answer is published. With `quota_exceeded`, the session or the participant has used its quota of answers. With
/// `failed`, no answer could be generated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AssistantStatus {
    /// The assistant does not answer this question.
    Off,
    Waiting,
    /// The assistant's draft waits for the presenter's approval.
    Drafted,
    Answered,
    /// The session or the participant has used its quota of answers.
    QuotaExceeded,
    Failed,
}

/// The state of the generation of a summary or conclusion slide, which is `queued`, `done` or `failed`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GenerationStatus {
    Queued,
    Done,
    Failed,
}
