use model::{
    assistant::{AssistantStatus, Citation, CitationSource},
    question::QuestionStatus,
};
use protocol::{
    Event,
    event::{AiResponse, QuestionAnswer, QuestionView},
    job::{AnswerQuestion, CountUpvotes},
};
use serde_json::{Value, json};

use super::{ONE, SLIDE, TWO, check_job, id, now};

fn answer() -> QuestionAnswer {
    QuestionAnswer {
        response_text: "In high trees.".into(),
        is_ai: true,
        provider: Some("extractive".into()),
        citations: vec![Citation {
            source: CitationSource::Slide,
            slide_id: Some(id(3)),
            quote: Some("Herons nest in high trees.".into()),
        }],
        answered_at: now(),
    }
}

fn question(answer: Option<QuestionAnswer>) -> QuestionView {
    QuestionView {
        question_id: id(6),
        slide_id: Some(id(3)),
        question_text: Some("Where do they nest?".into()),
        status: QuestionStatus::Queued,
        merged_into: None,
        is_pinned: false,
        upvotes: 3,
        assistant: AssistantStatus::Drafted,
        answer,
        version: 2,
        created_at: now(),
        participant_id: Some(id(4)),
        display_name: Some("Bo".into()),
        is_flagged: Some(false),
        draft: None,
    }
}

pub(super) fn events() -> Vec<Event> {
    vec![
        Event::QuestionAsked(Box::new(question(None))),
        Event::QuestionUpdated(Box::new(question(Some(answer())))),
        Event::AiResponse(Box::new(AiResponse {
            question_id: id(6),
            slide_id: Some(id(3)),
            question_text: "Where do they nest?".into(),
            response_text: "In high trees.".into(),
            is_streaming: false,
            is_complete: true,
            is_ai: true,
            provider: Some("extractive".into()),
            citations: answer().citations,
        })),
    ]
}

pub(super) fn commands() -> Vec<Value> {
    vec![
        json!({ "type": "question_asked", "payload": { "slide_id": SLIDE, "question_text": "Why?" } }),
        json!({ "type": "ask_question", "question_text": "Why?" }),
        json!({ "type": "upvote_question", "question_id": SLIDE }),
        json!({ "type": "upvote_question", "payload": { "question_id": SLIDE, "up": false } }),
    ]
}

pub(super) fn jobs() {
    let asked = AnswerQuestion { session: id(1), question: id(2) };
    check_job(&asked, "answer_question.v1", json!({ "session": ONE, "question": TWO }));
    let upvotes = CountUpvotes { session: id(1), question: id(2) };
    check_job(&upvotes, "count_upvotes.v1", json!({ "session": ONE, "question": TWO }));
}
