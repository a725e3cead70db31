//! The JSON of questions and answers, for the presenter and for the audience.

use model::question::QuestionStatus;
use protocol::event::{AiResponse, QuestionAnswer, QuestionView};
use store::sessions::questions::{Question, QuestionReply};

fn answer_view(reply: QuestionReply) -> QuestionAnswer {
    QuestionAnswer {
        is_ai: reply.provider.is_some(),
        response_text: reply.text,
        provider: reply.provider,
        citations: reply.citations,
        answered_at: reply.at,
    }
}

/// Returns a question with the participant who asked and the draft of the assistant.
pub fn for_presenter(question: Question) -> QuestionView {
    QuestionView {
        participant_id: Some(question.participant),
        display_name: question.display_name.clone(),
        is_flagged: Some(question.flagged),
        draft: question.draft.clone().map(answer_view),
        question_text: Some(question.text.clone()),
        answer: question.answer.clone().map(answer_view),
        ..for_audience(question)
    }
}

/// Returns a question without names. A hidden question has neither text nor answer.
pub fn for_audience(question: Question) -> QuestionView {
    let is_hidden = question.status == QuestionStatus::Hidden;
    QuestionView {
        question_id: question.id,
        slide_id: question.slide,
        question_text: (!is_hidden).then_some(question.text),
        status: question.status,
        merged_into: question.merged_into,
        is_pinned: question.pinned,
        upvotes: question.upvotes,
        assistant: question.assistant,
        answer: question.answer.filter(|_| !is_hidden).map(answer_view),
        version: question.version,
        created_at: question.asked_at,
        participant_id: None,
        display_name: None,
        is_flagged: None,
        draft: None,
    }
}

/// Returns the part of the answer that the assistant has written so far.
pub fn partial_response(question: &Question, so_far: String) -> AiResponse {
    AiResponse {
        question_id: question.id,
        slide_id: question.slide,
        question_text: question.text.clone(),
        response_text: so_far,
        is_streaming: true,
        is_complete: false,
        is_ai: true,
        provider: None,
        citations: Vec::new(),
    }
}

/// Returns the complete answer to a question.
pub fn complete_response(question: &Question, reply: QuestionReply) -> AiResponse {
    AiResponse {
        question_id: question.id,
        slide_id: question.slide,
        question_text: question.text.clone(),
        response_text: reply.text,
        is_streaming: false,
        is_complete: true,
        is_ai: reply.provider.is_some(),
        provider: reply.provider,
        citations: reply.citations,
    }
}
