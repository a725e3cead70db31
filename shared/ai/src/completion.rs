//! The results of the assistant.

use serde::{Deserialize, Serialize};

use crate::Provider;

/// The maximum length of an answer or a summary in characters. A hundred words have 600 to 700.
pub const TEXT_MAX: usize = 1_200;

/// The maximum length of a takeaway in characters.
pub const TAKEAWAY_MAX: usize = 200;

/// The usage of models, including models whose answer could not be shown. If a provider does not count tokens, a token
/// is estimated as four characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenUsage {
    pub tokens_in: u64,
    pub tokens_out: u64,
    /// The cost in millionths of a US dollar. It is absent if the price of a model is unknown (`prices`).
    pub cost_micros: Option<u64>,
}

impl TokenUsage {
    pub const NONE: Self = Self { tokens_in: 0, tokens_out: 0, cost_micros: Some(0) };

    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            tokens_in: self.tokens_in + other.tokens_in,
            tokens_out: self.tokens_out + other.tokens_out,
            cost_micros: self.cost_micros.zip(other.cost_micros).map(|(a, b)| a + b),
        }
    }
}

/// The origin of a result, either the configured model or its fallback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompletionOrigin {
    pub provider: Provider,
    pub model: String,
    pub usage: TokenUsage,
    /// Whether the input did not fit and was cut in the middle.
    pub truncated: bool,
}

/// A source of an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "source", rename_all = "snake_case")]
pub enum CompletionCitation {
    Notes {
        #[serde(skip_serializing_if = "Option::is_none")]
        quote: Option<String>,
    },
    Slide {
        slide_id: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        quote: Option<String>,
    },
}

/// An answer to a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerCompletion {
    pub text: String,
    /// The sources. The list is empty if the words of neither notes nor slides cover the question.
    pub citations: Vec<CompletionCitation>,
    pub origin: CompletionOrigin,
}

/// A summary of responses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SummaryCompletion {
    pub text: String,
    pub origin: CompletionOrigin,
}

/// The takeaways of a talk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakeawaysCompletion {
    /// The lines, at most 5. They are at least 3 if the talk has enough content.
    pub lines: Vec<String>,
    pub origin: CompletionOrigin,
}
