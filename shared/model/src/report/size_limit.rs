//! A report is one item of the table, and an item has 400 KB. A usual one has 20 KB and loses nothing; one of hundreds of slides
//! full of long texts loses the least telling first: the older texts, then questions with few votes, then rare words, and last
//! whole slides.

use super::{MAX_QUESTIONS, MAX_TEXT_LENGTH, MAX_TEXTS, SessionReport, truncate_text};

/// Bytes as JSON, with room for the keys of the item.
pub const MAX_REPORT_BYTES: usize = 350_000;

/// Texts of a slide, questions, words of a slide, and characters of each text and label.
const TRUNCATION_STEPS: [(usize, usize, usize, usize); 5] = [
    (MAX_TEXTS, MAX_QUESTIONS, 50, MAX_TEXT_LENGTH),
    (40, 150, 50, MAX_TEXT_LENGTH),
    (20, 100, 30, 300),
    (5, 50, 15, 200),
    (1, 20, 5, 80),
];

/// The report, without what does not fit.
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
    // nothing in it that JSON cannot say
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

    /// Of so many slides, each as full as it may be, of a letter.
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
    fn a_usual_report_loses_nothing() {
        let usual = report(2, "x");
        assert_eq!(truncate_report(usual.clone()), usual);
    }

    #[test]
    fn the_largest_fits_and_says_what_is_missing() {
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
