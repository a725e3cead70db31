//! What comes back.

use serde::{Deserialize, Serialize};

use crate::Provider;

/// Characters of an answer or a summary. A hundred words are 600 to 700.
pub const TEXT_MAX: usize = 1_200;

/// Characters of one takeaway.
pub const TAKEAWAY_MAX: usize = 200;

/// What a call took. A provider that does not count gets an estimate of a token per four characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    pub tokens_in: u64,
    pub tokens_out: u64,
    /// Millionths of a US dollar; absent where the price of the model is not known (`prices`).
    pub cost_micros: Option<u64>,
}

/// What an answer stands on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "source", rename_all = "snake_case")]
pub enum Citation {
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
pub struct Answer {
    pub text: String,
    /// Empty where neither notes nor slides cover the question.
    pub citations: Vec<Citation>,
    /// Who answered: the model of the settings, or its fallback.
    pub provider: Provider,
    pub model: String,
    pub usage: Usage,
    /// The talk did not fit and was cut in its middle.
    pub truncated: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    pub text: String,
    pub provider: Provider,
    pub model: String,
    pub usage: Usage,
    pub truncated: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Takeaways {
    /// At most 5, and at least 3 where there is so much to say.
    pub lines: Vec<String>,
    pub provider: Provider,
    pub model: String,
    pub usage: Usage,
    pub truncated: bool,
}
