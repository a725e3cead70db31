use std::cmp::Reverse;

use jiff::Timestamp;
use model::{
    report::{
        MAX_TEXT_LENGTH, MAX_TEXTS, OptionReport, SlideReport, TextReport, percent, rounded_mean,
        slide_title, top_labels, truncate_text,
    },
    session::SlidePacing,
    slide::{AnswerContent, SlideContent, SlideType},
    tally::Tally,
};
use store::sessions::{Session, responses::SlideResponse};

use super::reported_slides::ReportedSlide;

/// Composes the report of one slide from the answers that count. The speed of the answers counts from `from`, in
/// milliseconds since 1970.
pub fn slide_report(
    session: &Session,
    slide: &ReportedSlide,
    from: Option<i64>,
    counted: &[SlideResponse],
    participants: u64,
) -> SlideReport {
    let answers: Vec<&AnswerContent> = counted.iter().map(|response| &response.answer).collect();
    let tally = slide.content.tally(&answers);
    let responses = counted.len() as u64;
    let is_text = slide.content.kind() == SlideType::QuestionText;
    let options = tally.as_ref().map(|tally| option_reports(&slide.content, tally)).unwrap_or_default();
    let paced = from.filter(|_| session.pace == SlidePacing::Presenter);
    let elapsed = |from: i64| -> u64 {
        counted.iter().map(|response| response.received.saturating_sub(from).max(0).unsigned_abs()).sum()
    };
    let characters: u64 = counted.iter().map(|response| response.answer.text().chars().count() as u64).sum();
    let mut texts: Vec<&SlideResponse> =
        counted.iter().filter(|response| !response.answer.text().trim().is_empty()).collect();
    texts.sort_by_key(|response| Reverse((response.received, response.id)));
    SlideReport {
        id: slide.id,
        order_index: slide.index,
        kind: slide.content.kind(),
        title: slide_title(&slide.content),
        first_shown_at: slide.first_at,
        is_question: tally.is_some(),
        responses,
        answer_rate: tally.as_ref().and_then(|_| percent(responses, participants)),
        average_answer_seconds: paced.and_then(|from| rounded_mean(elapsed(from), responses, 1000.0)),
        average_text_length: rounded_mean(characters, responses, 1.0).filter(|_| is_text),
        average: tally.as_ref().and_then(|tally| tally.average),
        top_choice: top_choice(&options),
        options,
        right_rate: correct_rate(&slide.content, &answers),
        words: tally.and_then(|tally| tally.words).unwrap_or_default(),
        texts_total: texts.len(),
        texts: texts.into_iter().take(MAX_TEXTS).map(text_report).collect(),
    }
}

/// Returns the labels of the best options, by points if the options have points, else by votes.
pub fn top_choice(options: &[OptionReport]) -> Vec<String> {
    top_labels(options.iter().map(|option| (option.label.as_str(), option.points.unwrap_or(option.votes))))
}

/// Returns the options with their votes, in the order of the slide. The points of a scale start with the lowest.
pub fn option_reports(content: &SlideContent, tally: &Tally) -> Vec<OptionReport> {
    let correct = match content {
        SlideContent::Quiz(quiz) => Some(&quiz.correct),
        _ => None,
    };
    let position = |id: &str| content.options().iter().position(|option| option.id == id);
    let order = |id: &str| content.options().iter().find(|option| option.id == id).map(|option| option.order);
    let mut ids: Vec<&String> = tally.votes.keys().collect();
    ids.sort_by_key(|id| (order(id), position(id), id.parse::<u32>().ok()));
    let option_report = |id: &String| {
        let votes = tally.votes.get(id).copied().unwrap_or_default();
        OptionReport {
            id: id.clone(),
            label: content.label(id).to_owned(),
            votes,
            share: percent(votes, tally.total_voters).unwrap_or_default(),
            points: tally.points.as_ref().map(|points| points.get(id).copied().unwrap_or_default()),
            is_correct: correct.map(|correct| correct.contains(id)),
        }
    };
    ids.into_iter().map(option_report).collect()
}

fn correct_rate(content: &SlideContent, answers: &[&AnswerContent]) -> Option<f64> {
    let SlideContent::Quiz(quiz) = content else { return None };
    let correct = answers.iter().filter(|answer| quiz.is_correct(answer)).count();
    percent(correct as u64, answers.len() as u64)
}

fn text_report(response: &SlideResponse) -> TextReport {
    TextReport {
        participant_id: response.participant,
        display_name: response.display_name.clone(),
        text: truncate_text(response.answer.text(), MAX_TEXT_LENGTH),
        at: Timestamp::from_millisecond(response.received).unwrap_or_default(),
    }
}
