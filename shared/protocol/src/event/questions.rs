//! Questions of the audience, and what the assistant writes.

use jiff::Timestamp;
use model::{
    ParticipantId, QuestionId, SessionId, SlideId,
    assistant::{AssistantStatus, Citation, GenerationStatus},
    question::QuestionStatus,
};
use serde::Serialize;
use utoipa::ToSchema;

/// A question; the highest `version` is the truth.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct QuestionView {
    pub question_id: QuestionId,
    pub slide_id: Option<SlideId>,
    /// `null` where it is hidden, but to the presenter.
    pub question_text: Option<String>,
    pub status: QuestionStatus,
    /// The question that asks the same, where it is `merged`.
    pub merged_into: Option<QuestionId>,
    pub is_pinned: bool,
    pub upvotes: u64,
    pub assistant: AssistantStatus,
    pub answer: Option<QuestionAnswer>,
    pub version: u64,
    pub created_at: Timestamp,
    /// For the presenter, as everything below.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub participant_id: Option<ParticipantId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_flagged: Option<bool>,
    /// What the assistant would answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub draft: Option<QuestionAnswer>,
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct QuestionAnswer {
    pub response_text: String,
    /// Written by the assistant, not by the presenter.
    pub is_ai: bool,
    /// `extractive` where sentences of notes and slides are the answer.
    pub provider: Option<String>,
    pub citations: Vec<Citation>,
    pub answered_at: Timestamp,
}

/// An answer as it grows: each carries the whole text so far.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct AiResponse {
    pub question_id: QuestionId,
    pub slide_id: Option<SlideId>,
    pub question_text: String,
    /// Plain text.
    pub response_text: String,
    pub is_streaming: bool,
    pub is_complete: bool,
    /// Written by the assistant, not by the presenter.
    pub is_ai: bool,
    pub provider: Option<String>,
    pub citations: Vec<Citation>,
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct GenerationUpdated {
    pub session_id: SessionId,
    pub slide_id: SlideId,
    pub status: GenerationStatus,
    pub requested_at: Timestamp,
    /// Why it failed.
    pub error: Option<String>,
}
