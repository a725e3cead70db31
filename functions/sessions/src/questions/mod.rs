//! What the audience asks: stored with its state, seen by all, up-voted, answered by the presenter or the assistant.
//!
//! | what | file |
//! | --- | --- |
//! | ask, by HTTP or socket | [`ask`] |
//! | all questions, one of them | [`list`], [`get`] |
//! | hide, pin, flag, merge | [`update`] |
//! | what goes along when one is merged | [`merge`] |
//! | answer, or approve what the assistant drafted | [`answer`] |
//! | want one answered | [`upvote`] |
//! | who is told what | [`tell`] |

pub mod answer;
pub mod ask;
pub mod get;
pub mod list;
pub mod merge;
pub mod tell;
pub mod update;
pub mod upvote;
pub mod view;
