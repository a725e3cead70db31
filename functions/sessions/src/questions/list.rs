use axum::{Json, extract::State};
use entry::{
    App,
    http::{ApiResult, Caller, ErrorBody, PageNumbers, PathId, ValidQuery},
};
use garde::Validate;
use model::{
    SessionId,
    question::{QuestionStatus, sort_key},
};
use protocol::event::QuestionView;
use serde::{Deserialize, Serialize};
use store::sessions::{
    Session,
    questions::{self, Question},
    roles::{self, SessionRole},
};
use utoipa::{IntoParams, ToSchema};

use super::view;

#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListQuestionsQuery {
    /// Returns only questions with this status.
    #[garde(skip)]
    pub status: Option<QuestionStatus>,
    /// The number of the page, from 1.
    #[garde(range(min = 1, max = 1_000))]
    #[param(minimum = 1, maximum = 1_000)]
    pub page: Option<usize>,
    /// Questions on a page, from 1 to 200. The default is 100.
    #[garde(range(min = 1, max = 200))]
    #[param(minimum = 1, maximum = 200)]
    pub page_size: Option<usize>,
}

/// A page of questions. Pinned ones come first, then those with more up-votes, then the older ones.
#[derive(Debug, Serialize, ToSchema)]
pub struct QuestionList {
    pub items: Vec<QuestionView>,
    #[serde(flatten)]
    pub numbers: PageNumbers,
}

/// List the questions of a session
///
/// Returns the questions of a session to its presenter and its audience. A participant sees no names, and only their
/// own hidden questions. Pages have numbers instead of cursors, because up-votes change the order.
#[utoipa::path(
    get,
    path = "/v1/sessions/{id}/questions",
    tag = "questions",
    operation_id = "list_questions",
    params(("id" = SessionId, Path), ListQuestionsQuery),
    security(("bearer" = []), ("cookie" = []), ("participant" = [])),
    responses(
        (status = 200, body = QuestionList),
        (status = 401, body = ErrorBody),
        (status = 404, body = ErrorBody),
        (status = 422, body = ErrorBody),
    )
)]
pub async fn list_questions(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId<SessionId>,
    ValidQuery(query): ValidQuery<ListQuestionsQuery>,
) -> ApiResult<Json<QuestionList>> {
    let now = app.clock.now();
    let (session, role) = roles::get_with_role(&app.store, id, caller.into(), now).await?;
    let mut found = questions::list(&app.store, id, now).await?;
    found.retain(|question| {
        query.status.is_none_or(|status| question.status == status) && can_see(&session, &role, question)
    });
    found.sort_by_key(|question| {
        sort_key(question.pinned, question.upvotes, question.asked_at.as_millisecond())
    });
    let (items, numbers) =
        PageNumbers::paginate(found, query.page.unwrap_or(1), query.page_size.unwrap_or(100));
    let items = items.into_iter().map(|question| view_for_role(&role, question)).collect();
    Ok(Json(QuestionList { items, numbers }))
}

/// Returns whether the caller may see a question. Only the presenter and the participant who asked see hidden
/// questions, and questions with a word that was blocked later.
pub(super) fn can_see(session: &Session, role: &SessionRole, question: &Question) -> bool {
    match role {
        SessionRole::Presenter => true,
        SessionRole::Participant { id, .. } => {
            let is_hidden = question.status == QuestionStatus::Hidden;
            question.participant == *id || !(is_hidden || session.blocked_words.contains(&question.text))
        }
    }
}

/// Returns the JSON of a question for a caller with this role.
pub(super) fn view_for_role(role: &SessionRole, question: Question) -> QuestionView {
    match role {
        SessionRole::Presenter => view::for_presenter(question),
        SessionRole::Participant { .. } => view::for_audience(question),
    }
}
