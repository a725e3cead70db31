use axum::{Extension, Json, extract::State};
use entry::{
    App,
    http::{ApiResult, ErrorBody, GuestCaller, ReceivedAt, ValidJson},
};
use garde::Validate;
use http::StatusCode;
use model::{Error, ParticipantId, SessionId, SlideId};
use protocol::event::ResponseSubmitted;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::{InstanceState, guest::require_participant, responses::response_submitted, vote};

/// An answer to the slide that is shown.
#[derive(Debug, Deserialize, Validate, ToSchema)]
pub struct SubmitResponseRequest {
    /// The session of the token.
    #[garde(skip)]
    pub session_id: SessionId,
    #[garde(skip)]
    pub slide_id: SlideId,
    /// Oneself; may be left out.
    #[garde(skip)]
    pub participant_id: Option<ParticipantId>,
    /// As the slide has it: `{"selected": [option ids]}` of a choice or a quiz, `{"text": …}`, `{"value": 4}` on a scale,
    /// `{"ranking": [option ids, the best first]}`.
    #[garde(skip)]
    #[schema(value_type = Object)]
    pub content: Value,
    /// Any number that grows with every change of mind; milliseconds since 1970 do.
    #[garde(skip)]
    pub seq: Option<i64>,
}

/// Answers the current slide with a participant's token. Another answer to the same slide takes the place of the first; to a
/// quiz the first answer is final.
#[utoipa::path(
    post,
    path = "/v1/responses",
    tag = "responses",
    operation_id = "submit_response",
    request_body = SubmitResponseRequest,
    security(("participant" = [])),
    responses(
        (status = 201, body = ResponseSubmitted),
        (status = 401, body = ErrorBody),
        (status = 403, description = "removed by the presenter", body = ErrorBody),
        (status = 404, body = ErrorBody),
        (status = 409, description = "the session is not active, another slide is shown, or the quiz is answered", body = ErrorBody),
        (status = 422, body = ErrorBody),
    )
)]
pub async fn submit_response(
    State(app): State<App>,
    Extension(hot): Extension<InstanceState>,
    ReceivedAt(received): ReceivedAt,
    guest: GuestCaller,
    ValidJson(input): ValidJson<SubmitResponseRequest>,
) -> ApiResult<(StatusCode, Json<ResponseSubmitted>)> {
    let GuestCaller { participant, session } = guest;
    let found = require_participant(&app, input.session_id, guest).await?;
    // someone else's self is not there for this token
    if input.participant_id.is_some_and(|other| other != participant) {
        return Err(Error::NotFound("participant").into());
    }
    let ballot = vote::VoteSubmission {
        session,
        slide: input.slide_id,
        participant,
        display_name: found.display_name,
        content: &input.content,
        seq: input.seq,
        received,
    };
    let response = vote::cast_vote(&app, &hot, ballot).await?;
    Ok((StatusCode::CREATED, Json(response_submitted(response))))
}
