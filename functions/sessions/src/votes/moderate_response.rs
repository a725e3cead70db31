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

use super::list_responses::response_submitted;
use crate::instance_state::InstanceState;

/// What the presenter decides about an answer. A field that is absent does not change.
#[derive(Debug, Deserialize, Validate, ToSchema)]
pub struct ModerateResponseRequest {
    /// The session of the answer.
    #[garde(skip)]
    pub session_id: SessionId,
    /// The slide of the answer.
    #[garde(skip)]
    pub slide_id: SlideId,
    /// Removes the answer from the counts, from the word cloud and from what the audience sees. A later answer of the
    /// same participant is visible.
    #[garde(skip)]
    pub is_hidden: Option<bool>,
    /// Marks the answer for the presenter. The audience does not see the mark.
    #[garde(skip)]
    pub is_flagged: Option<bool>,
}

/// Hide or flag an answer
///
/// Hides or flags an answer in a session of the caller, or reverses that. If the answer is hidden or shown, its slide
/// is counted again immediately.
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
        (status = 409, description = "The participant has replaced the answer", body = ErrorBody),
        (status = 422, body = ErrorBody),
    )
)]
pub async fn moderate_response(
    State(app): State<App>,
    Extension(state): Extension<InstanceState>,
    account: AccountCaller,
    PathId(id): PathId<ResponseId>,
    ValidJson(input): ValidJson<ModerateResponseRequest>,
) -> ApiResult<Json<ResponseSubmitted>> {
    let now = app.clock.now();
    let session = input.session_id;
    let slide = input.slide_id;
    let owned =
        sessions::get_owned(&app.store, account.user, session, ReadConsistency::Eventual, now).await?;
    // The id is not a key. The alternative, an index by id, would be a second write for every vote.
    let found = responses::list_by_slide(&app.store, session, slide, now).await?;
    let response = found.into_iter().find(|response| response.id == id).ok_or(Error::NotFound("response"))?;
    let moderated = responses::moderate(&app.store, &response, input.is_hidden, input.is_flagged).await?;
    let WriteOutcome::Applied(response) = moderated else {
        return Err(Error::conflict(ErrorCode::Conflict, "the participant has replaced this answer").into());
    };
    // also if nothing changed: the request that hid the answer may have failed before the count
    if input.is_hidden.is_some() {
        state.count_scheduler.schedule_final_vote_count(&app, session, slide).await;
        let found = slides::get(&app.store, owned.presentation, slide, now).await?;
        if found.is_some_and(|slide| slide.content.kind() == SlideType::Quiz) {
            app.queues.send(&RankQuiz { session }, now).await?;
        }
    }
    Ok(Json(response_submitted(response)))
}
