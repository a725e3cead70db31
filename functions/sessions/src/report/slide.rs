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

use super::slides::ReportedSlide;

/// What a slide came to, from the answers to it that count. `from`, in milliseconds since 1970, is what their speed counts
/// from.
pub fn slide_report(
    session: &Session,
    told: &ReportedSlide,
    from: Option<i64>,
    found: &[SlideResponse],
    participants: u64,
) -> SlideReport {
    let answers: Vec<&AnswerContent> = found.iter().map(|response| &response.answer).collect();
    let (tally, responses) = (told.content.tally(&answers), found.len() as u64);
    let is_text = told.content.kind() == SlideType::QuestionText;
    let options = tally.as_ref().map(|tally| option_reports(&told.content, tally)).unwrap_or_default();
    let paced = from.filter(|_| session.pace == SlidePacing::Presenter);
    let elapsed = |from: i64| -> u64 {
        found.iter().map(|response| response.received.saturating_sub(from).max(0).unsigned_abs()).sum()
    };
    let characters: u64 = found.iter().map(|response| response.answer.text().chars().count() as u64).sum();
    let mut texts: Vec<&SlideResponse> =
        found.iter().filter(|one| !one.answer.text().trim().is_empty()).collect();
    texts.sort_by_key(|response| Reverse((response.received, response.id)));
    SlideReport {
        id: told.id,
        order_index: told.index,
        kind: told.content.kind(),
        title: slide_title(&told.content),
        first_shown_at: told.first_at,
        is_question: tally.is_some(),
        responses,
        answer_rate: tally.as_ref().and_then(|_| percent(responses, participants)),
        average_answer_seconds: paced.and_then(|from| rounded_mean(elapsed(from), responses, 1000.0)),
        average_text_length: rounded_mean(characters, responses, 1.0).filter(|_| is_text),
        average: tally.as_ref().and_then(|tally| tally.average),
        top_choice: top_choice(&options),
        options,
        right_rate: correct_rate(&told.content, &answers),
        words: tally.and_then(|tally| tally.words).unwrap_or_default(),
        texts_total: texts.len(),
        texts: texts.into_iter().take(MAX_TEXTS).map(text_report).collect(),
    }
}

/// By points where there are any, else by votes.
pub fn top_choice(options: &[OptionReport]) -> Vec<String> {
    top_labels(options.iter().map(|option| (option.label.as_str(), option.points.unwrap_or(option.votes))))
}

/// As on the slide; the points of a scale from the lowest.
pub fn option_reports(content: &SlideContent, tally: &Tally) -> Vec<OptionReport> {
    let correct = match content {
        SlideContent::Quiz(quiz) => Some(&quiz.correct),
        _ => None,
    };
    let place = |id: &str| content.options().iter().position(|option| option.id == id);
    let order = |id: &str| content.options().iter().find(|option| option.id == id).map(|option| option.order);
    let mut ids: Vec<&String> = tally.votes.keys().collect();
    ids.sort_by_key(|id| (order(id), place(id), id.parse::<u32>().ok()));
    let of = |id: &String| {
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
    ids.into_iter().map(of).collect()
}

fn correct_rate(content: &SlideContent, answers: &[&AnswerContent]) -> Option<f64> {
    let SlideContent::Quiz(quiz) = content else { return None };
    let right = answers.iter().filter(|answer| quiz.is_correct(answer)).count();
    percent(right as u64, answers.len() as u64)
}

fn text_report(response: &SlideResponse) -> TextReport {
    TextReport {
        participant_id: response.participant,
        display_name: response.display_name.clone(),
        text: truncate_text(response.answer.text(), MAX_TEXT_LENGTH),
        at: Timestamp::from_millisecond(response.received).unwrap_or_default(),
    }
}
