//! Decides which answers count.

use model::slide::AnswerContent;
use store::sessions::{Session, responses::SlideResponse};

/// Returns whether an answer counts. An answer does not count if it is hidden, was given before the results were reset,
/// or contains a blocked word.
pub fn is_counted(session: &Session, response: &SlideResponse) -> bool {
    !response.hidden
        && response.received >= session.counts_from(response.slide)
        && match &response.answer {
            AnswerContent::Text(text) => !session.blocked_words.contains(text),
            AnswerContent::Selected(_) => true,
        }
}
