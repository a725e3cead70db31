//! The report of a session that is over: what was shown, what the audience said, who was there when. It has names: it is for
//! the owner of the session.
//!
//! | module | rule |
//! | --- | --- |
//! | [`participation`] | joins and answers over time |
//! | [`fit`] | what is left out so that a report is one item of the table |

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
    slide::{SlideContent, SlideType},
    tally::WordCount,
};

/// Answers in their own words that a report shows of a slide, the newest; the export has all of them.
pub const MAX_TEXTS: usize = 100;
/// Characters of such an answer, and of an answer to a question.
pub const MAX_TEXT_LENGTH: usize = 500;
/// Questions of a report: pinned ones first, then by up-votes.
pub const MAX_QUESTIONS: usize = 200;
/// Lines of the leaderboard.
pub const MAX_LEADERBOARD_ENTRIES: usize = 10;
/// Characters of a slide's title.
const MAX_TITLE_LENGTH: usize = 500;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SessionReport {
    pub session: ReportSession,
    #[schema(value_type = String, format = DateTime)]
    pub written_at: Timestamp,
    pub audience: ReportAudience,
    pub participation: ParticipationTimeline,
    /// Every slide that was shown or answered, in their order.
    pub slides: Vec<SlideReport>,
    /// Slides that found no place: 0 but for a presentation of very many and very long ones.
    pub slides_left_out: usize,
    /// The best 10 of all quizzes, whether or not their results were shown.
    pub leaderboard: Vec<LeaderboardEntry>,
    /// Without hidden ones; 200 at most.
    pub questions: Vec<QuestionReport>,
    /// With those that found no place.
    pub questions_total: usize,
    pub ai: AiReport,
}

/// The session itself.
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

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ReportAudience {
    /// Everyone who ever joined.
    pub participants: u64,
    /// The most that were connected at once, as counted.
    pub peak_connected: u64,
    /// Participants who answered at least once.
    pub answered: u64,
    /// Of those who joined, in percent; `null` where nobody did.
    pub answer_rate: Option<f64>,
    /// Answers that count.
    pub responses: u64,
}

/// A slide that was shown or answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SlideReport {
    pub id: SlideId,
    /// From 0.
    pub order_index: usize,
    #[serde(rename = "type")]
    pub kind: SlideType,
    /// Its question or heading.
    pub title: String,
    /// When it was shown first; `null` where it was answered but never shown.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub first_shown_at: Option<Timestamp>,
    /// Does it take answers?
    pub is_question: bool,
    /// Answers that count.
    pub responses: u64,
    /// Of all participants, in percent.
    pub answer_rate: Option<f64>,
    /// From when it was shown first; `null` where participants turned the slides themselves.
    pub average_answer_seconds: Option<f64>,
    /// Characters of an answer in one's own words.
    pub average_text_length: Option<f64>,
    /// Of a scale.
    pub average: Option<f64>,
    /// As on the slide; of a scale its points.
    pub options: Vec<OptionReport>,
    /// Labels of what most chose; several where they are level, none without answers.
    pub top_choice: Vec<String>,
    /// Of a quiz: answers that were right, in percent.
    pub right_rate: Option<f64>,
    /// Of texts, most frequent first.
    pub words: Vec<WordCount>,
    /// Of texts, newest first, 100 at most.
    pub texts: Vec<TextReport>,
    /// With those that found no place.
    pub texts_total: usize,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct OptionReport {
    pub id: String,
    pub label: String,
    pub votes: u64,
    /// Of those who answered, in percent.
    pub share: f64,
    /// Of a ranking.
    pub points: Option<u64>,
    /// Of a quiz.
    pub is_correct: Option<bool>,
}

/// An answer in somebody's own words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TextReport {
    pub participant_id: ParticipantId,
    /// `null` is anonymous.
    pub display_name: Option<String>,
    /// Cut at 500 characters.
    pub text: String,
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

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
    /// Cut at 500 characters.
    pub answer: Option<String>,
    /// Who answered, where it was the assistant.
    pub provider: Option<String>,
}

/// What the assistant took.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AiReport {
    pub calls: u64,
    pub tokens_in: u64,
    pub tokens_out: u64,
    /// Millionths of a US dollar.
    pub cost_micros: u64,
    /// By name.
    pub providers: Vec<ProviderReport>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ProviderReport {
    pub provider: String,
    pub calls: u64,
    pub tokens_in: u64,
    pub tokens_out: u64,
    /// Millionths of a US dollar.
    pub cost_micros: u64,
}

/// What a slide is called in a list: the first line that can be read on it, without the marks of Markdown; of an empty one
/// nothing.
pub fn slide_title(content: &SlideContent) -> String {
    let texts = content.texts();
    let lines = texts.iter().flat_map(|text| text.lines());
    let titles = lines
        .map(|line| line.trim_matches(|letter: char| letter.is_whitespace() || "#*_>`".contains(letter)));
    truncate_text(titles.into_iter().find(|title| !title.is_empty()).unwrap_or_default(), MAX_TITLE_LENGTH)
}

/// A part of a whole in percent, with one decimal; nothing of nothing.
#[expect(clippy::cast_precision_loss, reason = "people and their answers: exact up to 2^53")]
pub fn percent(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| (part as f64 * 1000.0 / whole as f64).round() / 10.0)
}

/// A mean with one decimal; nothing of nothing.
#[expect(clippy::cast_precision_loss, reason = "milliseconds of a day times an audience: exact up to 2^53")]
pub fn rounded_mean(sum: u64, count: u64, unit: f64) -> Option<f64> {
    (count > 0).then(|| (sum as f64 * 10.0 / (count as f64 * unit)).round() / 10.0)
}

/// The labels of what has most, in their order; none where nothing has any.
pub fn top_labels<'a>(counted: impl Iterator<Item = (&'a str, u64)> + Clone) -> Vec<String> {
    let most = counted.clone().map(|(_, count)| count).max().filter(|most| *most > 0);
    counted.filter(|(_, count)| Some(*count) == most).map(|(label, _)| label.to_owned()).collect()
}

/// The first so many characters, with a mark where there were more.
pub fn truncate_text(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_slide_is_called_what_can_be_read_first() {
        let of = |kind, value| slide_title(&SlideContent::parse(kind, &value).unwrap());
        assert_eq!(of(SlideType::Content, json!({ "text": "\n# **Welcome**\n\nto it" })), "Welcome");
        assert_eq!(of(SlideType::Content, json!({})), "");
        assert_eq!(of(SlideType::Scale, json!({ "question": "How fond?" })), "How fond?");
        let long = of(SlideType::Content, json!({ "text": "ă".repeat(900) }));
        assert_eq!((long.chars().count(), long.ends_with('…')), (501, true));
    }

    #[test]
    fn rates_and_means_of_nothing_are_nothing() {
        assert_eq!((percent(1, 3), percent(0, 3), percent(0, 0)), (Some(33.3), Some(0.0), None));
        assert_eq!((rounded_mean(2_500, 2, 1000.0), rounded_mean(0, 0, 1.0)), (Some(1.3), None));
    }

    #[test]
    fn what_is_level_is_on_top_together() {
        assert_eq!(top_labels([("a", 2), ("b", 1), ("c", 2)].into_iter()), ["a", "c"]);
        assert!(top_labels([("a", 0)].into_iter()).is_empty());
    }
}
