//! A question as each side may see it.

use protocol::event::{AiResponse, QuestionAnswer, QuestionView};
use store::sessions::questions::{Question, QuestionReply};

use model::question::QuestionStatus;

fn answer_view(reply: QuestionReply) -> QuestionAnswer {
    QuestionAnswer {
        is_ai: reply.provider.is_some(),
        response_text: reply.text,
        provider: reply.provider,
        citations: reply.citations,
        answered_at: reply.at,
    }
}

/// With who asked, and what the assistant would say.
pub fn for_presenter(question: Question) -> QuestionView {
    let (participant, name) = (question.participant, question.display_name.clone());
    let (text, flagged, draft) = (question.text.clone(), question.flagged, question.draft.clone());
    let reply = question.answer.clone();
    QuestionView {
        participant_id: Some(participant),
        display_name: name,
        is_flagged: Some(flagged),
        draft: draft.map(answer_view),
        question_text: Some(text),
        answer: reply.map(answer_view),
        ..for_audience(question)
    }
}

/// Without names; of one that is hidden only that it is.
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

/// What the assistant has written so far.
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

/// The answer for whoever asked this wording; complete.
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
