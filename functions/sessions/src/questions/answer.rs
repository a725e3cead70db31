use axum::{Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, PathIds, ValidJson},
};
use garde::Validate;
use model::{
    Error, ErrorCode, QuestionId, SessionId,
    assistant::AssistantStatus,
    question::{QuestionStatus, QuestionTransition},
    text,
};
use protocol::event::QuestionView;
use serde::Deserialize;
use store::{
    ReadConsistency,
    sessions::{
        self,
        questions::{self, Question, QuestionReply},
    },
};
use utoipa::ToSchema;

use super::{publish, view};

/// The answer to a question.
#[derive(Debug, Deserialize, Validate, ToSchema)]
pub struct AnswerQuestionRequest {
    /// The presenter's answer. If it is absent, the draft of the assistant becomes the answer.
    #[garde(inner(length(chars, min = 1, max = 2_000), custom(not_blank), custom(text::lines)))]
    #[serde(default, deserialize_with = "text::normalized")]
    #[schema(min_length = 1, max_length = 2_000)]
    pub response_text: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "garde passes its context by reference")]
fn not_blank(text: &str, (): &()) -> garde::Result {
    if text.trim().is_empty() { Err(garde::Error::new("must not be blank")) } else { Ok(()) }
}

/// Answer a question
///
/// Answers a question in a session of the caller, or approves the draft of the assistant. Approving an approved answer
/// changes nothing. Publishes the answer to the participants who asked the question, and the question to the session.
#[utoipa::path(
    post,
    path = "/v1/sessions/{id}/questions/{question_id}/answer",
    tag = "questions",
    operation_id = "answer_question",
    params(("id" = SessionId, Path), ("question_id" = QuestionId, Path)),
    request_body = AnswerQuestionRequest,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = QuestionView),
        (status = 401, body = ErrorBody),
        (status = 404, body = ErrorBody),
        (status = 409, description = "There is no draft, or the question is merged or hidden", body = ErrorBody),
        (status = 422, body = ErrorBody),
    )
)]
pub async fn answer_question(
    State(app): State<App>,
    account: AccountCaller,
    PathIds(id, question): PathIds<SessionId, QuestionId>,
    ValidJson(input): ValidJson<AnswerQuestionRequest>,
) -> ApiResult<Json<QuestionView>> {
    let now = app.clock.now();
    sessions::get_owned(&app.store, account.user, id, ReadConsistency::Eventual, now).await?;
    let (before, changed) = questions::change_with_before(&app.store, id, question, now, |question| {
        if input.response_text.is_none() && is_answered_by_assistant(question) {
            return Ok::<_, model::Error>(false);
        }
        let reply = match &input.response_text {
            Some(text) => QuestionReply {
                text: text.trim().into(),
                provider: None,
                model: None,
                citations: Vec::new(),
                at: now,
            },
            None => question
                .draft
                .clone()
                .ok_or_else(|| Error::conflict(ErrorCode::Conflict, "there is no draft to approve"))?,
        };
        question.status = question.status.apply(QuestionTransition::Answer)?;
        if reply.provider.is_some() {
            question.assistant = AssistantStatus::Answered;
        } else if question.assistant == AssistantStatus::Waiting {
            question.assistant = AssistantStatus::Off;
        }
        question.answer = Some(reply);
        question.draft = None;
        question.answer_by = None;
        Ok(true)
    })
    .await?;
    if let Some(reply) = &changed.answer
        && let Err(error) = publish::publish_answer(&app, &changed, reply).await
    {
        // the answer is stored, and GET returns it
        tracing::error!(session = %id, %question, ?error, "publishing an answer failed");
    }
    publish::publish_difference(&app, &before, &changed).await;
    Ok(Json(view::for_presenter(changed)))
}

/// Returns whether the answer of the assistant is the answer to the question.
fn is_answered_by_assistant(question: &Question) -> bool {
    question.status == QuestionStatus::Answered
        && question.draft.is_none()
        && question.answer.as_ref().is_some_and(|answer| answer.provider.is_some())
}
