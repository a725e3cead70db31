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

use super::{merge, publish, view};
use crate::instance_state::InstanceState;

/// Changes of a question. A field that is absent does not change.
#[derive(Debug, Deserialize, Validate, ToSchema)]
pub struct UpdateQuestionRequest {
    /// `hidden` hides the question from all but the presenter and the participant who asked. `queued` shows it again.
    /// `answered` says that the presenter has answered it on stage. `merged` needs `merged_into`.
    #[garde(skip)]
    pub status: Option<QuestionStatus>,
    /// Whether the question is listed before the others.
    #[garde(skip)]
    pub is_pinned: Option<bool>,
    /// Marks the question for the presenter. The audience does not see the mark.
    #[garde(skip)]
    pub is_flagged: Option<bool>,
    /// The question of the same session that asks the same. This question is merged into it.
    #[garde(skip)]
    pub merged_into: Option<QuestionId>,
}

/// Update a question
///
/// Hides, pins, flags or merges a question in a session of the caller. Publishes the change to the clients that see it.
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
        (status = 409, description = "The status of the question does not allow the change", body = ErrorBody),
        (status = 422, body = ErrorBody),
    )
)]
pub async fn update_question(
    State(app): State<App>,
    Extension(state): Extension<InstanceState>,
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
        return Err(Error::field("merged_into", "is required if `status` is `merged`").into());
    }
    let (before, changed) = questions::change_with_before(&app.store, id, question, now, |question| {
        let before = question.clone();
        let status = input.merged_into.map(|_| QuestionStatus::Merged).or(input.status);
        if let Some(transition) = status.and_then(|status| transition_to(status, question)) {
            question.status = question.status.apply(transition)?;
            question.merged_into = input.merged_into;
        }
        question.pinned = input.is_pinned.unwrap_or(question.pinned);
        question.flagged = input.is_flagged.unwrap_or(question.flagged);
        Ok::<_, model::Error>(*question != before)
    })
    .await?;
    publish::publish_difference(&app, &before, &changed).await;
    if let Some(into) = changed.merged_into.filter(|_| input.merged_into.is_some()) {
        // if this fails, a retry of the request repeats it
        merge::complete_merge(&app, &state, &changed, into).await?;
    }
    Ok(Json(view::for_presenter(changed)))
}

/// Returns the transition that leads a question to `status`. Returns `None` if it has that status already and no other
/// target is possible.
fn transition_to(status: QuestionStatus, question: &Question) -> Option<QuestionTransition> {
    match status {
        QuestionStatus::Hidden => Some(QuestionTransition::Hide),
        QuestionStatus::Merged => Some(QuestionTransition::Merge),
        same if same == question.status => None,
        QuestionStatus::Queued => Some(QuestionTransition::Restore { answered: question.answer.is_some() }),
        QuestionStatus::Answered => Some(QuestionTransition::Answer),
    }
}

/// Marks the question `into` as the merge target of `question`.
///
/// # Errors
/// `Invalid` if `into` is the same question, does not exist, or is merged or hidden.
async fn require_merge_target(
    app: &App,
    session: SessionId,
    question: QuestionId,
    into: QuestionId,
) -> Result<(), Error> {
    let invalid_target = |why: &'static str| Error::field("merged_into", why);
    if into == question {
        return Err(invalid_target("must be another question"));
    }
    let require_public = |target: &Question| {
        if target.status.is_public() { Ok(()) } else { Err(invalid_target("is itself merged or hidden")) }
    };
    merge::mark_merge_target(app, session, into, require_public).await.map_err(|error| match error {
        Error::NotFound(_) => invalid_target("must be a question of this session"),
        other => other,
    })
}
