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

use super::{
    cast_vote::{CountingResponse, VoteSubmission, cast_vote},
    list_responses::response_submitted,
};
use crate::{instance_state::InstanceState, participants::participant_access::require_participant};

/// An answer to the current slide.
#[derive(Debug, Deserialize, Validate, ToSchema)]
pub struct SubmitResponseRequest {
    /// The session of the participant's token.
    #[garde(skip)]
    pub session_id: SessionId,
    /// The current slide. In a self-paced session, the slide at which the participant is.
    #[garde(skip)]
    pub slide_id: SlideId,
    /// The participant of the token. It may be absent.
    #[garde(skip)]
    pub participant_id: Option<ParticipantId>,
    /// The answer, in the form of its slide type. A choice or a quiz has `{"selected": [option ids]}`, an open question
    /// `{"text": …}`, a scale `{"value": 4}`, and a ranking `{"ranking": [option ids, the best first]}`.
    #[garde(skip)]
    #[schema(value_type = Object)]
    pub content: Value,
    /// A number that grows with every new answer of the participant to this slide, such as milliseconds since 1970. An
    /// answer with a lower number than the stored one is ignored.
    #[garde(skip)]
    pub seq: Option<i64>,
}

/// Submit an answer
///
/// Answers the current slide with a participant's token. A later answer to the same slide replaces the first one. In a
/// quiz the first answer is final. The response has the answer that counts: if the participant has already sent a later
/// one, from another tab or by a request that was faster, the status is 200 and the body is that answer. Compare `seq`
/// or `content` with what was sent.
#[utoipa::path(
    post,
    path = "/v1/responses",
    tag = "responses",
    operation_id = "submit_response",
    request_body = SubmitResponseRequest,
    security(("participant" = [])),
    responses(
        (status = 200, description = "A later answer of the participant counts. This one is not stored", body = ResponseSubmitted),
        (status = 201, description = "The answer counts", body = ResponseSubmitted),
        (status = 401, body = ErrorBody),
        (status = 403, description = "The presenter has removed the participant", body = ErrorBody),
        (status = 404, body = ErrorBody),
        (status = 409, description = "The session is not active, another slide is current, or the participant has answered the quiz", body = ErrorBody),
        (status = 422, body = ErrorBody),
    )
)]
pub async fn submit_response(
    State(app): State<App>,
    Extension(state): Extension<InstanceState>,
    ReceivedAt(received): ReceivedAt,
    guest: GuestCaller,
    ValidJson(input): ValidJson<SubmitResponseRequest>,
) -> ApiResult<(StatusCode, Json<ResponseSubmitted>)> {
    let GuestCaller { participant, session } = guest;
    let found = require_participant(&app, input.session_id, guest).await?;
    if input.participant_id.is_some_and(|other| other != participant) {
        return Err(Error::NotFound("participant").into());
    }
    let vote = VoteSubmission {
        session,
        slide: input.slide_id,
        participant,
        display_name: found.display_name,
        content: &input.content,
        seq: input.seq,
        received,
    };
    let CountingResponse { response, is_superseded } = cast_vote(&app, &state, vote).await?;
    let status = if is_superseded { StatusCode::OK } else { StatusCode::CREATED };
    // The marks are the presenter's. A kept answer may have them.
    let own = ResponseSubmitted { is_hidden: false, is_flagged: false, ..response_submitted(response) };
    Ok((status, Json(own)))
}
