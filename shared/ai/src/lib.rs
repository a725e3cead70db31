//! Text models: who answers an audience, sums it up and draws takeaways. The only crate that imports `genai`; it knows
//! nothing of sessions, tables or HTTP, and keeps nothing.
//!
//! | module | noun |
//! | --- | --- |
//! | [`settings`] | providers, models, limits; made from plain values |
//! | [`assistant`] | [`Assistant`]: the model, then its fallback |
//! | [`talk`] | what is asked: talks, notes without their private parts, questions, responses |
//! | [`reply`] | what comes back: text, citations, who answered, tokens and cost |
//! | [`question_key`] | the key of a question in its normal form |
//! | `prompt` | rules in the system text, everything that people wrote in the user text, as data |
//! | `network` | one model over HTTP: retries, time limits, streams |
//! | `guard` | what may be shown of what a model wrote: not the notes |
//! | `plain` | text without markup, links of others and steering characters; cut at sentences |
//! | `extractive` | the provider that is always there: sentences of the notes and slides, by BM25 |
//! | `prices` | micro-dollars per million tokens |
//! | `language` | English or Romanian, for the few sentences of our own |
//!
//! **What an audience writes is data** (RELIABILITY 41): it never stands in the system text, cannot close the block it
//! stands in, and no tool exists that an obeyed order could call. What comes back is plain text of at most
//! [`reply::TEXT_MAX`] characters that does not repeat the notes; their private parts never leave
//! [`talk::Notes`], not even for the extractive provider.
//!
//! A door that holds an [`Assistant`] is 1.5 MB of zip larger (3.3 MB unpacked; profile `lambda`, `x86_64`), so only doors
//! that ask one make it. Starting one takes 4 to 8 ms, most of it TLS, and nothing where the provider is `extractive`.

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
