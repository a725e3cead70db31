//! Events of the audience's questions and of the assistant's texts.

use jiff::Timestamp;
use model::{
    ParticipantId, QuestionId, SessionId, SlideId,
    assistant::{AssistantStatus, Citation, GenerationStatus},
    question::QuestionStatus,
};
use serde::Serialize;
use utoipa::ToSchema;

/// The current state of a question. The highest `version` is the latest.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct QuestionView {
    pub question_id: QuestionId,
    pub slide_id: Option<SlideId>,
    /// The text. It is `null` for the audience if the question is hidden.
    pub question_text: Option<String>,
    pub status: QuestionStatus,
    /// The question that asks the same, if this one is `merged`.
    pub merged_into: Option<QuestionId>,
    pub is_pinned: bool,
    pub upvotes: u64,
    pub assistant: AssistantStatus,
    pub answer: Option<QuestionAnswer>,
    pub version: u64,
    pub created_at: Timestamp,
    /// The participant who asked. This and the following fields exist only for the presenter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub participant_id: Option<ParticipantId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_flagged: Option<bool>,
    /// The answer that the assistant proposes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub draft: Option<QuestionAnswer>,
}

/// The answer to a question.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct QuestionAnswer {
    pub response_text: String,
    /// Whether the assistant wrote the answer. Otherwise the presenter did.
    pub is_ai: bool,
    /// The provider of the assistant. `extractive` means that the answer consists of sentences from notes and slides.
    pub provider: Option<String>,
    pub citations: Vec<Citation>,
    pub answered_at: Timestamp,
}

/// An answer that is still growing or complete. Each event has the whole text so far.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct AiResponse {
    pub question_id: QuestionId,
    pub slide_id: Option<SlideId>,
    pub question_text: String,
    /// The plain text of the answer.
    pub response_text: String,
    pub is_streaming: bool,
    pub is_complete: bool,
    /// Whether the assistant wrote the answer. Otherwise the presenter did.
    pub is_ai: bool,
    pub provider: Option<String>,
    pub citations: Vec<Citation>,
}

/// The state of the generation of a slide.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct GenerationUpdated {
    pub session_id: SessionId,
    pub slide_id: SlideId,
    pub status: GenerationStatus,
    pub requested_at: Timestamp,
    /// The reason of a failure.
    pub error: Option<String>,
}
