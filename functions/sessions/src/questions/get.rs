use axum::{Json, extract::State};
use entry::{
    App,
    http::{ApiResult, Caller, ErrorBody, PathIds},
};
use model::{Error, QuestionId, SessionId};
use protocol::event::QuestionView;
use store::sessions::{questions, roles};

use super::list::{can_see, view_for_role};

/// Get a question
///
/// Returns a question with its answer. A client that missed an event reads the question here.
#[utoipa::path(
    get,
    path = "/v1/sessions/{id}/questions/{question_id}",
    tag = "questions",
    operation_id = "get_question",
    params(("id" = SessionId, Path), ("question_id" = QuestionId, Path)),
    security(("bearer" = []), ("cookie" = []), ("participant" = [])),
    responses(
        (status = 200, body = QuestionView),
        (status = 401, body = ErrorBody),
        (status = 404, body = ErrorBody),
    )
)]
pub async fn get_question(
    State(app): State<App>,
    caller: Caller,
    PathIds(id, question): PathIds<SessionId, QuestionId>,
) -> ApiResult<Json<QuestionView>> {
    let now = app.clock.now();
    let (session, role) = roles::get_with_role(&app.store, id, caller.into(), now).await?;
    let found = questions::get(&app.store, id, question, now).await?;
    let found = found.filter(|found| can_see(&session, &role, found)).ok_or(Error::NotFound("question"))?;
    Ok(Json(view_for_role(&role, found)))
}
