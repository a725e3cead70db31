use axum::{Json, extract::State};
use entry::{
    App,
    http::{ApiResult, Caller, ErrorBody, PageNumbers, PathId, ValidQuery},
};
use garde::Validate;
use model::{
    SessionId,
    question::{self as rules, QuestionStatus},
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
    #[garde(skip)]
    pub status: Option<QuestionStatus>,
    /// From 1.
    #[garde(range(min = 1, max = 1_000))]
    #[param(minimum = 1, maximum = 1_000)]
    pub page: Option<usize>,
    /// 1 to 200; 100 where nothing is said.
    #[garde(range(min = 1, max = 200))]
    #[param(minimum = 1, maximum = 200)]
    pub page_size: Option<usize>,
}

/// A page of questions: pinned ones first, then by up-votes, then the older.
#[derive(Debug, Serialize, ToSchema)]
pub struct QuestionList {
    pub items: Vec<QuestionView>,
    #[serde(flatten)]
    pub numbers: PageNumbers,
}

/// The questions of a session, for its presenter and its audience. The audience sees no names, and of hidden ones only its own.
///
/// Page by number, not by cursor: their order is that of the up-votes, which move; a session has 1,000 at most.
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
    ValidQuery(which): ValidQuery<ListQuestionsQuery>,
) -> ApiResult<Json<QuestionList>> {
    let now = app.clock.now();
    let (session, seat) = roles::get_with_role(&app.store, id, caller.into(), now).await?;
    let mut found = questions::list(&app.store, id, now).await?;
    found.retain(|question| {
        which.status.is_none_or(|status| question.status == status) && can_see(&session, &seat, question)
    });
    found.sort_by_key(|question| {
        rules::sort_key(question.pinned, question.upvotes, question.asked_at.as_millisecond())
    });
    let (items, numbers) =
        PageNumbers::paginate(found, which.page.unwrap_or(1), which.page_size.unwrap_or(100));
    let items = items.into_iter().map(|question| view_for_role(&seat, question)).collect();
    Ok(Json(QuestionList { items, numbers }))
}

/// Hidden ones, and those with a word that was blocked later, are seen by the presenter, and by whoever asked.
pub(super) fn can_see(session: &Session, seat: &SessionRole, question: &Question) -> bool {
    match seat {
        SessionRole::Presenter => true,
        SessionRole::Participant { id, .. } => {
            let is_hidden = question.status == QuestionStatus::Hidden;
            question.participant == *id || !(is_hidden || session.blocked_words.contains(&question.text))
        }
    }
}

pub(super) fn view_for_role(seat: &SessionRole, question: Question) -> QuestionView {
    match seat {
        SessionRole::Presenter => view::for_presenter(question),
        SessionRole::Participant { .. } => view::for_audience(question),
    }
}
