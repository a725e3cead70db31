//! The report of an ended session, with its slides, responses, questions and participation. It contains names, so only
//! the owner of the session reads it.
//!
//! | module | contents |
//! | --- | --- |
//! | [`participation`] | joins and responses over time |
//! | [`size_limit`] | truncation, so that a report fits one item of the table |

pub mod participation;
pub mod size_limit;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use self::participation::ParticipationTimeline;
use crate::{
    ParticipantId, QuestionId, SessionId, SlideId,
    leaderboard::LeaderboardEntry,
    question::QuestionStatus,
    session::EndReason,
    slide::{SlideContent, SlideType, tally::WordCount},
};

/// The maximum number of free-text responses per slide, the newest ones. The export has all of them.
pub const MAX_TEXTS: usize = 100;
/// The maximum length in characters of a free-text response and of an answer to a question.
pub const MAX_TEXT_LENGTH: usize = 500;
/// The maximum number of questions. Pinned questions come first, then those with most up-votes.
pub const MAX_QUESTIONS: usize = 200;
/// The maximum number of lines of the leaderboard.
pub const MAX_LEADERBOARD_ENTRIES: usize = 10;
/// The maximum length of a slide's title in characters.
const MAX_TITLE_LENGTH: usize = 500;

/// The report of an ended session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SessionReport {
    pub session: ReportSession,
    /// When the report was written.
    #[schema(value_type = String, format = DateTime)]
    pub written_at: Timestamp,
    pub audience: ReportAudience,
    pub participation: ParticipationTimeline,
    /// Every slide that was shown or answered, in display order.
    pub slides: Vec<SlideReport>,
    /// The number of slides that did not fit into the report. It is 0 except for presentations with many long slides.
    pub slides_left_out: usize,
    /// The 10 best participants of all quizzes, regardless of whether the results were revealed.
    pub leaderboard: Vec<LeaderboardEntry>,
    /// The questions, at most 200, without hidden ones.
    pub questions: Vec<QuestionReport>,
    /// The number of questions, including those that did not fit.
    pub questions_total: usize,
    pub ai: AiReport,
}

/// The session of a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ReportSession {
    pub id: SessionId,
    pub title: String,
    pub join_code: String,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    pub started_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    pub ended_at: Timestamp,
    pub duration_seconds: i64,
    pub end_reason: EndReason,
}

/// The audience of a session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ReportAudience {
    /// Participants who ever joined.
    pub participants: u64,
    /// The highest number of participants who were connected at the same time, as counted.
    pub peak_connected: u64,
    /// Participants who responded at least once.
    pub answered: u64,
    /// The share of participants who responded at least once, in percent. It is `null` if no participant joined.
    pub answer_rate: Option<f64>,
    /// Responses that are counted. Hidden and reset responses are not counted.
    pub responses: u64,
}

/// The report of a slide that was shown or answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SlideReport {
    pub id: SlideId,
    /// The index of the slide, from 0.
    pub order_index: usize,
    #[serde(rename = "type")]
    pub kind: SlideType,
    /// The question or the heading of the slide.
    pub title: String,
    /// When the slide was shown first. It is `null` if the slide was answered but never shown.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub first_shown_at: Option<Timestamp>,
    /// Whether the slide accepts responses.
    pub is_question: bool,
    /// Responses that are counted.
    pub responses: u64,
    /// The share of all participants who responded to this slide, in percent.
    pub answer_rate: Option<f64>,
    /// The average time from the first display of the slide to a response. It is `null` if participants moved through
    /// the slides at their own pace.
    pub average_answer_seconds: Option<f64>,
    /// The average length of a free-text response in characters.
    pub average_text_length: Option<f64>,
    /// The average of a scale.
    pub average: Option<f64>,
    /// The options of the slide. A scale has its points as options.
    pub options: Vec<OptionReport>,
    /// The labels of the options with most votes. Several options can share the first place. The list is empty without
    /// responses.
    pub top_choice: Vec<String>,
    /// The share of correct responses to a quiz, in percent.
    pub right_rate: Option<f64>,
    /// The words of free-text responses, most frequent first.
    pub words: Vec<WordCount>,
    /// The free-text responses, newest first, at most 100.
    pub texts: Vec<TextReport>,
    /// The number of free-text responses, including those that did not fit.
    pub texts_total: usize,
}

/// The report of an option.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct OptionReport {
    pub id: String,
    pub label: String,
    pub votes: u64,
    /// The share of respondents who chose the option, in percent.
    pub share: f64,
    /// The points of the option in a ranking.
    pub points: Option<u64>,
    /// Whether the option is correct, in a quiz.
    pub is_correct: Option<bool>,
}

/// A free-text response.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TextReport {
    pub participant_id: ParticipantId,
    /// The name of the participant, `null` if anonymous.
    pub display_name: Option<String>,
    /// The text, truncated to 500 characters.
    pub text: String,
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

/// The report of a question of the audience.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct QuestionReport {
    pub id: QuestionId,
    pub text: String,
    pub status: QuestionStatus,
    pub display_name: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    pub asked_at: Timestamp,
    pub upvotes: u64,
    pub is_pinned: bool,
    pub merged_into: Option<QuestionId>,
    /// The answer, truncated to 500 characters.
    pub answer: Option<String>,
    /// The provider of the answer, if the assistant answered.
    pub provider: Option<String>,
}

/// The assistant's usage in a session.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AiReport {
    pub calls: u64,
    pub tokens_in: u64,
    pub tokens_out: u64,
    /// The cost in millionths of a US dollar.
    pub cost_micros: u64,
    /// The usage per provider, sorted by name.
    pub providers: Vec<ProviderReport>,
}

/// The usage of one provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ProviderReport {
    pub provider: String,
    pub calls: u64,
    pub tokens_in: u64,
    pub tokens_out: u64,
    /// The cost in millionths of a US dollar.
    pub cost_micros: u64,
}

/// Returns the title of a slide in lists, which is the first line of its text without Markdown marks. An empty slide
/// has an empty title.
pub fn slide_title(content: &SlideContent) -> String {
    let texts = content.texts();
    let lines = texts.iter().flat_map(|text| text.lines());
    let titles = lines
        .map(|line| line.trim_matches(|letter: char| letter.is_whitespace() || "#*_>`".contains(letter)));
    truncate_text(titles.into_iter().find(|title| !title.is_empty()).unwrap_or_default(), MAX_TITLE_LENGTH)
}

/// Returns a share in percent with one decimal, `None` if the whole is 0.
#[expect(clippy::cast_precision_loss, reason = "people and their answers: exact up to 2^53")]
pub fn percent(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| (part as f64 * 1000.0 / whole as f64).round() / 10.0)
}

/// Returns a mean with one decimal, `None` if the count is 0.
#[expect(clippy::cast_precision_loss, reason = "milliseconds of a day times an audience: exact up to 2^53")]
pub fn rounded_mean(sum: u64, count: u64, unit: f64) -> Option<f64> {
    (count > 0).then(|| (sum as f64 * 10.0 / (count as f64 * unit)).round() / 10.0)
}

/// Returns the labels with the highest count, in their order. The list is empty if all counts are 0.
pub fn top_labels<'a>(counted: impl Iterator<Item = (&'a str, u64)> + Clone) -> Vec<String> {
    let most = counted.clone().map(|(_, count)| count).max().filter(|most| *most > 0);
    counted.filter(|(_, count)| Some(*count) == most).map(|(label, _)| label.to_owned()).collect()
}

/// Truncates a text to `limit` characters and marks the truncation with an ellipsis.
pub fn truncate_text(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_title_is_the_first_readable_line() {
        let of = |kind, value| slide_title(&SlideContent::parse(kind, &value).unwrap());
        assert_eq!(of(SlideType::Content, json!({ "text": "\n# **Welcome**\n\nto it" })), "Welcome");
        assert_eq!(of(SlideType::Content, json!({})), "");
        assert_eq!(of(SlideType::Scale, json!({ "question": "How fond?" })), "How fond?");
        let long = of(SlideType::Content, json!({ "text": "ă".repeat(900) }));
        assert_eq!((long.chars().count(), long.ends_with('…')), (501, true));
    }

    #[test]
    fn a_share_or_mean_of_nothing_is_absent() {
        assert_eq!((percent(1, 3), percent(0, 3), percent(0, 0)), (Some(33.3), Some(0.0), None));
        assert_eq!((rounded_mean(2_500, 2, 1000.0), rounded_mean(0, 0, 1.0)), (Some(1.3), None));
    }

    #[test]
    fn equal_options_share_the_first_place() {
        assert_eq!(top_labels([("a", 2), ("b", 1), ("c", 2)].into_iter()), ["a", "c"]);
        assert!(top_labels([("a", 0)].into_iter()).is_empty());
    }
}
