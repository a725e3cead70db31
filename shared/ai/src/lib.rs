//! The assistant: text models that answer an audience, sum it up and draw takeaways. It is the only crate that imports
//! `genai`. It knows no sessions, tables or HTTP requests, and it stores nothing.
//!
//! | module | contents |
//! | --- | --- |
//! | [`settings`] | providers, models and limits, made from plain values |
//! | [`assistant`] | [`Assistant`], which asks the model and then its fallback |
//! | [`context`] | the input: talks, notes without their private parts, questions, responses |
//! | [`completion`] | the output: text, citations, provider, tokens and cost |
//! | [`question_key`](mod@question_key) | the key under which an answer is stored |
//! | `prompt` | instructions in the system text, and people's texts as data in the user text |
//! | `network_provider` | one model over HTTP: retries, timeouts, streams |
//! | `guard` | refuses texts that repeat the notes |
//! | `sanitize` | removes markup, foreign links and control characters, and truncates at sentences |
//! | `extractive` | the built-in provider: sentences of notes and slides, ranked by BM25 |
//! | `prices` | prices in micro-dollars per million tokens |
//! | `language` | the product's own sentences in English and Romanian |
//!
//! # Rules
//!
//! **The audience's text is data** (RELIABILITY 41). It never appears in the system text and cannot close its block. No
//! tool exists that an obeyed instruction could call. The output is plain text of at most [`completion::TEXT_MAX`]
//! characters and does not repeat the notes. Private parts never leave [`AssistantNotes`], not even for the extractive
//! provider.
//!
//! **Size**: a function that holds an [`Assistant`] is 1.5 MB of zip larger (3.3 MB unpacked, profile `lambda`,
//! `x86_64`), so only functions that need one make it. Its start takes 4 to 8 ms, most of it for TLS, and no time with
//! the extractive provider.
//!
//! # Example
//!
//! ```ignore
//! let assistant = Assistant::start(&AssistantSettings::default())?;
//! let answer = assistant.answer(&question).await?;
//! ```

pub mod assistant;
pub mod completion;
pub mod context;
mod extractive;
mod guard;
mod language;
mod network_provider;
mod prices;
mod prompt;
pub mod question_key;
mod sanitize;
pub mod settings;

pub use assistant::Assistant;
pub use completion::{
    AnswerCompletion, CompletionCitation, CompletionOrigin, SummaryCompletion, TakeawaysCompletion,
    TokenUsage,
};
pub use context::{
    AssistantNotes, AudienceResponses, EarlierExchange, QuestionContext, SlideText, TalkContext,
};
pub use question_key::question_key;
pub use settings::{AssistantSettings, InvalidAiSetting, Provider, ProviderLimits, ProviderModel};
