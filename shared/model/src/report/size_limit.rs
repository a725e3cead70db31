//! Truncates a report to the size of one item of the table, which is 400 KB.
//!
//! A usual report has 20 KB and loses nothing. A report of hundreds of slides with long texts first loses older texts,
//! then questions with few votes, then rare words, and last whole slides.

use super::{MAX_QUESTIONS, MAX_TEXT_LENGTH, MAX_TEXTS, SessionReport, truncate_text};

/// The maximum size of a report in bytes of JSON. The rest of the item is left for its keys.
pub const MAX_REPORT_BYTES: usize = 350_000;

/// The limits of each step, in the order texts per slide, questions, words per slide, and characters of each text and
/// label.
const TRUNCATION_STEPS: [(usize, usize, usize, usize); 5] = [
    (MAX_TEXTS, MAX_QUESTIONS, 50, MAX_TEXT_LENGTH),
    (40, 150, 50, MAX_TEXT_LENGTH),
    (20, 100, 30, 300),
    (5, 50, 15, 200),
    (1, 20, 5, 80),
];

/// Returns the report without the parts that do not fit.
pub fn truncate_report(mut report: SessionReport) -> SessionReport {
    for (texts, questions, words, characters) in TRUNCATION_STEPS {
        report.questions.truncate(questions);
        for question in &mut report.questions {
            question.answer = question.answer.take().map(|answer| truncate_text(&answer, characters));
        }
        for slide in &mut report.slides {
            slide.texts.truncate(texts);
            slide.words.truncate(words);
            for text in &mut slide.texts {
                text.text = truncate_text(&text.text, characters);
            }
            for label in slide.options.iter_mut().map(|option| &mut option.label).chain(&mut slide.top_choice)
            {
                *label = truncate_text(label, characters);
            }
        }
        if json_size(&report) <= MAX_REPORT_BYTES {
            return report;
        }
    }
    while json_size(&report) > MAX_REPORT_BYTES && !report.slides.is_empty() {
        let left = report.slides.len() * 3 / 4;
        report.slides_left_out += report.slides.len() - left;
        report.slides.truncate(left);
    }
    report
}

fn json_size(report: &SessionReport) -> usize {
    // the report contains only types that JSON can represent
    serde_json::to_vec(report).map_or(usize::MAX, |json| json.len())
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use uuid::Uuid;

    use super::*;
    use crate::{
        question::QuestionStatus,
        report::{
            AiReport, OptionReport, ParticipationTimeline, QuestionReport, ReportAudience, ReportSession,
            SlideReport, TextReport,
        },
        session::EndReason,
        slide::SlideType,
    };

    fn id<T: From<Uuid>>() -> T {
        T::from(Uuid::from_u128(7))
    }

    /// Returns a report of so many full slides whose texts consist of one letter.
    fn report(slides: usize, letter: &str) -> SessionReport {
        let at = Timestamp::UNIX_EPOCH;
        let long = letter.repeat(MAX_TEXT_LENGTH);
        let text = TextReport { participant_id: id(), display_name: None, text: long.clone(), at };
        let option = OptionReport {
            id: letter.repeat(100),
            label: letter.repeat(200),
            votes: 1,
            share: 1.0,
            points: None,
            is_correct: None,
        };
        let slide = SlideReport {
            id: id(),
            order_index: 0,
            kind: SlideType::QuestionText,
            title: long.clone(),
            first_shown_at: None,
            is_question: true,
            responses: 100,
            answer_rate: None,
            average_answer_seconds: None,
            average_text_length: None,
            average: None,
            options: vec![option; 10],
            top_choice: vec![letter.repeat(200); 10],
            right_rate: None,
            words: Vec::new(),
            texts: vec![text; MAX_TEXTS],
            texts_total: MAX_TEXTS,
        };
        let question = QuestionReport {
            id: id(),
            text: letter.repeat(300),
            status: QuestionStatus::Answered,
            display_name: None,
            asked_at: at,
            upvotes: 0,
            is_pinned: false,
            merged_into: None,
            answer: Some(long),
            provider: None,
        };
        SessionReport {
            session: ReportSession {
                id: id(),
                title: "Herons".into(),
                join_code: "K7M2QX".into(),
                created_at: at,
                started_at: at,
                ended_at: at,
                duration_seconds: 0,
                end_reason: EndReason::Ended,
            },
            written_at: at,
            audience: ReportAudience::default(),
            participation: ParticipationTimeline::default(),
            slides: vec![slide; slides],
            slides_left_out: 0,
            leaderboard: Vec::new(),
            questions: vec![question; MAX_QUESTIONS],
            questions_total: MAX_QUESTIONS,
            ai: AiReport::default(),
        }
    }

    #[test]
    fn a_usual_report_is_not_truncated() {
        let usual = report(2, "x");
        assert_eq!(truncate_report(usual.clone()), usual);
    }

    #[test]
    fn the_largest_report_fits_and_counts_the_missing_slides() {
        let large = truncate_report(report(20, "x"));
        assert!(
            json_size(&large) <= MAX_REPORT_BYTES && large.slides.len() == 20 && large.slides_left_out == 0
        );
        assert!((5..MAX_TEXTS).contains(&large.slides[0].texts.len()), "{}", large.slides[0].texts.len());
        let huge = truncate_report(report(crate::presentation::MAX_SLIDES, "🦩"));
        assert!(json_size(&huge) <= MAX_REPORT_BYTES && !huge.slides.is_empty());
        assert_eq!(huge.slides.len() + huge.slides_left_out, crate::presentation::MAX_SLIDES);
    }
}
