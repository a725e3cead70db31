use axum::{Extension, extract::State};
use entry::{
    App,
    http::{ApiResult, ErrorBody, GuestCaller, PathIds},
};
use http::StatusCode;
use model::{Error, ParticipantId, QuestionId, SessionId, question::QuestionStatus};
use store::sessions::questions;

use crate::{instance_state::InstanceState, participants::participant_access::require_participant};

/// Up-vote a question
///
/// Stores the up-vote of a participant. Repeating it changes nothing. The up-vote of a merged question counts for the
/// question into which it was merged.
#[utoipa::path(
    put,
    path = "/v1/sessions/{id}/questions/{question_id}/upvote",
    tag = "questions",
    operation_id = "upvote_question",
    params(("id" = SessionId, Path), ("question_id" = QuestionId, Path)),
    security(("participant" = [])),
    responses(
        (status = 204, description = "The up-vote is stored, now or before"),
        (status = 401, body = ErrorBody),
        (status = 403, description = "The presenter has removed the participant", body = ErrorBody),
        (status = 404, body = ErrorBody),
    )
)]
pub async fn upvote_question(
    State(app): State<App>,
    Extension(state): Extension<InstanceState>,
    guest: GuestCaller,
    PathIds(id, question): PathIds<SessionId, QuestionId>,
) -> ApiResult<StatusCode> {
    let participant = require_participant(&app, id, guest).await?.id;
    set_upvote(&app, &state, id, question, participant, true).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Withdraw an up-vote
///
/// Deletes the up-vote of a participant. Repeating it changes nothing.
#[utoipa::path(
    delete,
    path = "/v1/sessions/{id}/questions/{question_id}/upvote",
    tag = "questions",
    operation_id = "withdraw_upvote",
    params(("id" = SessionId, Path), ("question_id" = QuestionId, Path)),
    security(("participant" = [])),
    responses(
        (status = 204, description = "The participant has no up-vote of the question"),
        (status = 401, body = ErrorBody),
        (status = 403, description = "The presenter has removed the participant", body = ErrorBody),
        (status = 404, body = ErrorBody),
    )
)]
pub async fn withdraw_upvote(
    State(app): State<App>,
    Extension(state): Extension<InstanceState>,
    guest: GuestCaller,
    PathIds(id, question): PathIds<SessionId, QuestionId>,
) -> ApiResult<StatusCode> {
    let participant = require_participant(&app, id, guest).await?.id;
    set_upvote(&app, &state, id, question, participant, false).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Stores or withdraws an up-vote, and schedules the count. The up-vote of a merged question counts for the question
/// into which it was merged.
///
/// # Errors
/// `NotFound` if the question does not exist or is hidden.
pub async fn set_upvote(
    app: &App,
    state: &InstanceState,
    session: SessionId,
    question: QuestionId,
    participant: ParticipantId,
    up: bool,
) -> Result<(), Error> {
    let found = questions::get(&app.store, session, question, app.clock.now()).await?;
    let visible = found.filter(|found| found.status != QuestionStatus::Hidden);
    let target = visible.ok_or(Error::NotFound("question"))?.merged_into.unwrap_or(question);
    questions::set_upvote(&app.store, session, target, participant, up).await?;
    state.count_scheduler.schedule_upvote_count(app, session, target).await
}
