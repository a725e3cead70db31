use axum::extract::State;
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, PathIds},
};
use http::StatusCode;
use model::{Error, ParticipantId, SessionId};
use store::{
    ReadConsistency, WriteOutcome,
    sessions::{self, participants},
};

use super::removal::close_removed_participant;

/// Remove a participant
///
/// Closes the sockets of the participant and invalidates their token. Their answers and questions stay. The presenter
/// can hide single ones.
#[utoipa::path(
    delete,
    path = "/v1/sessions/{id}/participants/{participant_id}",
    tag = "sessions",
    operation_id = "remove_participant",
    params(("id" = SessionId, Path), ("participant_id" = ParticipantId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 204, description = "The participant is removed, now or before"),
        (status = 401, body = ErrorBody),
        (status = 404, body = ErrorBody),
    )
)]
pub async fn remove_participant(
    State(app): State<App>,
    account: AccountCaller,
    PathIds(id, participant): PathIds<SessionId, ParticipantId>,
) -> ApiResult<StatusCode> {
    let now = app.clock.now();
    sessions::get_owned(&app.store, account.user, id, ReadConsistency::Eventual, now).await?;
    // Before the sockets are closed, so that a client that reconnects is refused. The same write makes the removal due.
    if participants::remove(&app.store, id, participant, now).await? == WriteOutcome::ConditionFailed {
        return Err(Error::NotFound("participant").into());
    }
    close_removed_participant(&app, id, participant).await?;
    Ok(StatusCode::NO_CONTENT)
}
