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
    report::slides::{self, ReportedSlide},
    worker::{count_votes::is_counted, rank_quiz::points_earned},
};

/// An answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct ResponseRow {
    pub slide_title: String,
    pub slide_type: SlideType,
    /// Empty where they are anonymous.
    pub participant_name: String,
    /// In words: labels of options, of a ranking in its order.
    pub content: String,
    /// When it was received.
    #[schema(value_type = String, format = DateTime)]
    pub timestamp: Timestamp,
    /// From 1.
    pub slide_number: usize,
    pub slide_id: SlideId,
    pub response_id: ResponseId,
    pub participant_id: ParticipantId,
    /// What it earned in a quiz.
    pub points: Option<u32>,
    /// Is it in the counts? Not what is hidden, has a blocked word, or came before the results were begun anew.
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
    /// Empty where they are anonymous.
    pub participant_name: String,
    pub answer: String,
    #[schema(value_type = String, format = DateTime)]
    pub timestamp: Timestamp,
    pub upvotes: u64,
    pub is_pinned: bool,
    pub is_flagged: bool,
    /// `presenter`, or the assistant's provider.
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

/// By the order of the slides, then by time.
pub async fn response_rows(
    app: &App,
    session: &Session,
    only: Option<SlideId>,
    now: Timestamp,
) -> Result<Vec<ResponseRow>, Error> {
    let mut rows = Vec::new();
    let all = slides::reported_slides(app, session, now).await?;
    for told in all.iter().filter(|told| only.is_none_or(|only| told.id == only)) {
        if !slides::takes_answers(&told.content) {
            continue;
        }
        let mut found = responses::list_by_slide(&app.store, session.id, told.id, now).await?;
        found.sort_by_key(|response| (response.received, response.id));
        rows.extend(found.into_iter().map(|response| response_row(session, told, response)));
    }
    Ok(rows)
}

fn response_row(session: &Session, told: &ReportedSlide, response: responses::SlideResponse) -> ResponseRow {
    let from = told.first_at.map_or(0, Timestamp::as_millisecond).max(session.counts_from(told.id));
    let is_quiz = told.content.kind() == SlideType::Quiz;
    ResponseRow {
        slide_title: slide_title(&told.content),
        slide_type: told.content.kind(),
        content: answer_text(&told.content, &response.answer),
        timestamp: Timestamp::from_millisecond(response.received).unwrap_or_default(),
        slide_number: told.index + 1,
        slide_id: told.id,
        response_id: response.id,
        participant_id: response.participant,
        points: is_quiz.then(|| points_earned(session, &told.content, from, &response)),
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

/// As they were asked; hidden ones too.
pub async fn question_rows(app: &App, session: SessionId, now: Timestamp) -> Result<Vec<QuestionRow>, Error> {
    let rows = questions::list(&app.store, session, now).await?.into_iter().map(|question| {
        let answer = question.answer;
        let by =
            |answer: &questions::QuestionReply| answer.provider.clone().unwrap_or_else(|| "presenter".into());
        QuestionRow {
            question: question.text,
            status: question.status,
            participant_name: question.display_name.unwrap_or_default(),
            answered_by: answer.as_ref().map(by).unwrap_or_default(),
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
