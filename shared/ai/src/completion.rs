//! What comes back.

use serde::{Deserialize, Serialize};

use crate::Provider;

/// Characters of an answer or a summary. A hundred words are 600 to 700.
pub const TEXT_MAX: usize = 1_200;

/// Characters of one takeaway.
pub const TAKEAWAY_MAX: usize = 200;

/// What it took, also where a model was paid whose answer could not be shown. A provider that does not count gets an
/// estimate of a token per four characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenUsage {
    pub tokens_in: u64,
    pub tokens_out: u64,
    /// Millionths of a US dollar; absent where the price of a model is not known (`prices`).
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

/// Who said it: the model of the settings, or its fallback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompletionOrigin {
    pub provider: Provider,
    pub model: String,
    pub usage: TokenUsage,
    /// What the model was to read did not fit and was cut in its middle.
    pub truncated: bool,
}

/// What an answer stands on.
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

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerCompletion {
    pub text: String,
    /// Empty where neither notes nor slides cover the question, as far as words tell.
    pub citations: Vec<CompletionCitation>,
    pub origin: CompletionOrigin,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SummaryCompletion {
    pub text: String,
    pub origin: CompletionOrigin,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakeawaysCompletion {
    /// At most 5, and at least 3 where there is so much to say.
    pub lines: Vec<String>,
    pub origin: CompletionOrigin,
}
