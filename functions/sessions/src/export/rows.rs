use entry::App;
use jiff::Timestamp;
use model::{
    Error, ParticipantId, QuestionId, ResponseId, SessionId, SlideId,
    question::QuestionStatus,
    report::slide_title,
    slide::{AnswerContent, SlideContent, SlideType},
};
use serde::Serialize;
use store::sessions::{Session, questions, responses};
use utoipa::ToSchema;

use super::sheet::SheetRow;
use crate::{
    report::reported_slides::{ReportedSlide, reported_slides},
    session_snapshot::takes_answers,
    votes::{counted_responses::is_counted, quiz_points::points_earned},
};

/// An answer of the audience.
#[derive(Debug, Serialize, ToSchema)]
pub struct ResponseRow {
    pub slide_title: String,
    pub slide_type: SlideType,
    /// Empty if the participant is anonymous.
    pub participant_name: String,
    /// The answer in words. The labels of a ranking are in its order.
    pub content: String,
    /// When the answer was received.
    #[schema(value_type = String, format = DateTime)]
    pub timestamp: Timestamp,
    /// The number of the slide, from 1.
    pub slide_number: usize,
    pub slide_id: SlideId,
    pub response_id: ResponseId,
    pub participant_id: ParticipantId,
    /// The points of the answer in a quiz. `null` for other slides.
    pub points: Option<u32>,
    /// Whether the answer counts. An answer does not count if it is hidden, contains a blocked word, or was given
    /// before the results were reset.
    pub is_counted: bool,
    pub is_hidden: bool,
    pub is_flagged: bool,
}

impl SheetRow for ResponseRow {
    const COLUMNS: &'static [&'static str] = &[
        "slide_title",
        "slide_type",
        "participant_name",
        "content",
        "timestamp",
        "slide_number",
        "slide_id",
        "response_id",
        "participant_id",
        "points",
        "is_counted",
        "is_hidden",
        "is_flagged",
    ];
}

/// A question of the audience.
#[derive(Debug, Serialize, ToSchema)]
pub struct QuestionRow {
    pub question: String,
    pub status: QuestionStatus,
    /// Empty if the participant is anonymous.
    pub participant_name: String,
    pub answer: String,
    #[schema(value_type = String, format = DateTime)]
    pub timestamp: Timestamp,
    pub upvotes: u64,
    pub is_pinned: bool,
    pub is_flagged: bool,
    /// `presenter`, or the model provider of the assistant. Empty without an answer.
    pub answered_by: String,
    pub question_id: QuestionId,
    pub participant_id: ParticipantId,
    pub merged_into: Option<QuestionId>,
}

impl SheetRow for QuestionRow {
    const COLUMNS: &'static [&'static str] = &[
        "question",
        "status",
        "participant_name",
        "answer",
        "timestamp",
        "upvotes",
        "is_pinned",
        "is_flagged",
        "answered_by",
        "question_id",
        "participant_id",
        "merged_into",
    ];
}

/// Returns the answers of a session, or of one slide, in the order of the slides and then by time.
///
/// # Errors
/// Fails if the answers cannot be read.
pub async fn response_rows(
    app: &App,
    session: &Session,
    only: Option<SlideId>,
    now: Timestamp,
) -> Result<Vec<ResponseRow>, Error> {
    let mut rows = Vec::new();
    let slides = reported_slides(app, session, now).await?;
    for slide in slides.iter().filter(|slide| only.is_none_or(|only| slide.id == only)) {
        if !takes_answers(&slide.content) {
            continue;
        }
        let mut found = responses::list_by_slide(&app.store, session.id, slide.id, now).await?;
        found.sort_by_key(|response| (response.received, response.id));
        rows.extend(found.into_iter().map(|response| response_row(session, slide, response)));
    }
    Ok(rows)
}

fn response_row(session: &Session, slide: &ReportedSlide, response: responses::SlideResponse) -> ResponseRow {
    let from = slide.first_at.map_or(0, Timestamp::as_millisecond).max(session.counts_from(slide.id));
    let is_quiz = slide.content.kind() == SlideType::Quiz;
    ResponseRow {
        slide_title: slide_title(&slide.content),
        slide_type: slide.content.kind(),
        content: answer_text(&slide.content, &response.answer),
        timestamp: Timestamp::from_millisecond(response.received).unwrap_or_default(),
        slide_number: slide.index + 1,
        slide_id: slide.id,
        response_id: response.id,
        participant_id: response.participant,
        points: is_quiz.then(|| points_earned(session, &slide.content, from, &response)),
        is_counted: is_counted(session, &response),
        is_hidden: response.hidden,
        is_flagged: response.flagged,
        participant_name: response.display_name.unwrap_or_default(),
    }
}

fn answer_text(content: &SlideContent, answer: &AnswerContent) -> String {
    match answer {
        AnswerContent::Text(text) => text.clone(),
        AnswerContent::Selected(ids) => {
            let labels: Vec<&str> = ids.iter().map(|id| content.label(id)).collect();
            labels.join(if content.kind() == SlideType::Ranking { " > " } else { "; " })
        }
    }
}

/// Returns the questions of a session in the order in which they were asked, hidden ones too.
///
/// # Errors
/// Fails if the questions cannot be read.
pub async fn question_rows(app: &App, session: SessionId, now: Timestamp) -> Result<Vec<QuestionRow>, Error> {
    let rows = questions::list(&app.store, session, now).await?.into_iter().map(|question| {
        let answer = question.answer;
        let answered_by =
            |answer: &questions::QuestionReply| answer.provider.clone().unwrap_or_else(|| "presenter".into());
        QuestionRow {
            question: question.text,
            status: question.status,
            participant_name: question.display_name.unwrap_or_default(),
            answered_by: answer.as_ref().map(answered_by).unwrap_or_default(),
            answer: answer.map(|answer| answer.text).unwrap_or_default(),
            timestamp: question.asked_at,
            upvotes: question.upvotes,
            is_pinned: question.pinned,
            is_flagged: question.flagged,
            question_id: question.id,
            participant_id: question.participant,
            merged_into: question.merged_into,
        }
    });
    Ok(rows.collect())
}
