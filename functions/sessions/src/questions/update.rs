use axum::{Extension, Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, PathIds, ValidJson},
};
use garde::Validate;
use model::{
    Error, QuestionId, SessionId,
    question::{QuestionStatus, QuestionTransition},
};
use protocol::event::QuestionView;
use serde::Deserialize;
use store::{
    ReadConsistency,
    sessions::{
        self,
        questions::{self, Question},
    },
};
use utoipa::ToSchema;

use super::{merge, tell, view};
use crate::InstanceState;

/// What is left out stays.
#[derive(Debug, Deserialize, Validate, ToSchema)]
pub struct UpdateQuestionRequest {
    /// `hidden`: nobody but the presenter and whoever asked sees it any more; `queued`: it is seen again; `answered`: said
    /// on stage. One is `merged` by `merged_into`.
    #[garde(skip)]
    pub status: Option<QuestionStatus>,
    #[garde(skip)]
    pub is_pinned: Option<bool>,
    /// Marked for the presenter alone.
    #[garde(skip)]
    pub is_flagged: Option<bool>,
    /// The question that asks the same.
    #[garde(skip)]
    pub merged_into: Option<QuestionId>,
}

/// Hides, pins, flags or merges a question of one's own session.
#[utoipa::path(
    patch,
    path = "/v1/sessions/{id}/questions/{question_id}",
    tag = "questions",
    operation_id = "update_question",
    params(("id" = SessionId, Path), ("question_id" = QuestionId, Path)),
    request_body = UpdateQuestionRequest,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = QuestionView),
        (status = 401, body = ErrorBody),
        (status = 404, body = ErrorBody),
        (status = 409, description = "not from this state", body = ErrorBody),
        (status = 422, body = ErrorBody),
    )
)]
pub async fn update_question(
    State(app): State<App>,
    Extension(hot): Extension<InstanceState>,
    account: AccountCaller,
    PathIds(id, question): PathIds<SessionId, QuestionId>,
    ValidJson(input): ValidJson<UpdateQuestionRequest>,
) -> ApiResult<Json<QuestionView>> {
    let now = app.clock.now();
    sessions::get_owned(&app.store, account.user, id, ReadConsistency::Eventual, now).await?;
    if let Some(into) = input.merged_into {
        require_merge_target(&app, id, question, into).await?;
    }
    if input.status == Some(QuestionStatus::Merged) && input.merged_into.is_none() {
        return Err(Error::field("merged_into", "is required: what is it merged into?").into());
    }
    let (before, changed) = questions::change_with_before(&app.store, id, question, now, |question| {
        let before = question.clone();
        let wanted = input.merged_into.map(|_| QuestionStatus::Merged).or(input.status);
        if let Some(made) = wanted.and_then(|wanted| transition_to(wanted, question)) {
            question.status = question.status.apply(made)?;
            question.merged_into = input.merged_into;
        }
        question.pinned = input.is_pinned.unwrap_or(question.pinned);
        question.flagged = input.is_flagged.unwrap_or(question.flagged);
        Ok::<_, model::Error>(*question != before)
    })
    .await?;
    tell::publish_difference(&app, &before, &changed).await;
    if let Some(into) = changed.merged_into.filter(|_| input.merged_into.is_some()) {
        // what fails here is done by the same request once more
        merge::complete_merge(&app, &hot, &changed, into).await?;
    }
    Ok(Json(view::for_presenter(changed)))
}

/// What has to be done to a question so that it is in this state; nothing where it is, and is not merged elsewhere.
fn transition_to(wanted: QuestionStatus, question: &Question) -> Option<QuestionTransition> {
    match wanted {
        QuestionStatus::Hidden => Some(QuestionTransition::Hide),
        QuestionStatus::Merged => Some(QuestionTransition::Merge),
        same if same == question.status => None,
        QuestionStatus::Queued => Some(QuestionTransition::Restore { answered: question.answer.is_some() }),
        QuestionStatus::Answered => Some(QuestionTransition::Answer),
    }
}

/// Has the other one expect it.
///
/// # Errors
/// `Invalid` where it is itself, is not there, or is merged or hidden itself.
async fn require_merge_target(
    app: &App,
    session: SessionId,
    question: QuestionId,
    into: QuestionId,
) -> Result<(), Error> {
    let wrong = |why: &'static str| Error::field("merged_into", why);
    if into == question {
        return Err(wrong("is the question itself"));
    }
    let may = |found: &Question| {
        if found.status.is_public() { Ok(()) } else { Err(wrong("is merged or hidden itself")) }
    };
    merge::mark_merge_target(app, session, into, may).await.map_err(|error| match error {
        Error::NotFound(_) => wrong("is no question of this session"),
        other => other,
    })
}
