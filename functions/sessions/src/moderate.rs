use axum::{Extension, Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, PathId, ValidJson},
};
use garde::Validate;
use model::{Error, ErrorCode, ResponseId, SessionId, SlideId, slide::SlideType};
use protocol::{event::ResponseSubmitted, job::RankQuiz};
use serde::Deserialize;
use store::{
    ReadConsistency, WriteOutcome,
    presentations::slides,
    sessions::{self, responses},
};
use utoipa::ToSchema;

use crate::{InstanceState, responses::response_submitted};

/// What is left out stays.
#[derive(Debug, Deserialize, Validate, ToSchema)]
pub struct ModerateResponseRequest {
    /// The session and the slide that it answers: answers lie by those.
    #[garde(skip)]
    pub session_id: SessionId,
    #[garde(skip)]
    pub slide_id: SlideId,
    /// Out of counts, clouds and what the audience sees; another answer of the same participant is seen again.
    #[garde(skip)]
    pub is_hidden: Option<bool>,
    /// Marked for the presenter alone.
    #[garde(skip)]
    pub is_flagged: Option<bool>,
}

/// Hides or flags an answer in one's own session. Counts follow at once.
#[utoipa::path(
    patch,
    path = "/v1/responses/{id}",
    tag = "responses",
    operation_id = "moderate_response",
    params(("id" = ResponseId, Path)),
    request_body = ModerateResponseRequest,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = ResponseSubmitted),
        (status = 401, body = ErrorBody),
        (status = 404, body = ErrorBody),
        (status = 409, description = "another answer has taken its place", body = ErrorBody),
        (status = 422, body = ErrorBody),
    )
)]
pub async fn moderate_response(
    State(app): State<App>,
    Extension(hot): Extension<InstanceState>,
    account: AccountCaller,
    PathId(id): PathId<ResponseId>,
    ValidJson(input): ValidJson<ModerateResponseRequest>,
) -> ApiResult<Json<ResponseSubmitted>> {
    let (now, session, slide) = (app.clock.now(), input.session_id, input.slide_id);
    let owned =
        sessions::get_owned(&app.store, account.user, session, ReadConsistency::Eventual, now).await?;
    // an id says nothing of where the answer lies: an index would be a second write for every vote
    let found = responses::list_by_slide(&app.store, session, slide, now).await?;
    let seen = found.into_iter().find(|response| response.id == id).ok_or(Error::NotFound("response"))?;
    let moderated = responses::moderate(&app.store, &seen, input.is_hidden, input.is_flagged).await?;
    let WriteOutcome::Applied(response) = moderated else {
        return Err(Error::conflict(ErrorCode::Conflict, "another answer has taken its place").into());
    };
    // hidden before, too: whoever hid it may have died before it was counted
    if input.is_hidden.is_some() {
        hot.count_scheduler.schedule_final_vote_count(&app, session, slide).await;
        let found = slides::get(&app.store, owned.presentation, slide, now).await?;
        if found.is_some_and(|slide| slide.content.kind() == SlideType::Quiz) {
            app.queues.send(&RankQuiz { session }, now).await?;
        }
    }
    Ok(Json(response_submitted(response)))
}
