use axum::extract::State;
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, PathIds},
};
use http::StatusCode;
use model::{Error, ErrorCode, ParticipantId, Room, SessionId};
use store::{
    ReadConsistency, WriteOutcome,
    sessions::{self, participants},
};

use crate::guest::REMOVED_MESSAGE;

/// Sends a participant away: their sockets are closed, their token counts no more. What they have said stays; single
/// answers can be hidden.
#[utoipa::path(
    delete,
    path = "/v1/sessions/{id}/participants/{participant_id}",
    tag = "sessions",
    operation_id = "remove_participant",
    params(("id" = SessionId, Path), ("participant_id" = ParticipantId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 204, description = "also where they were removed before"),
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
    // before the sockets are closed: whoever comes back finds it
    if participants::remove(&app.store, id, participant, now).await? == WriteOutcome::ConditionFailed {
        return Err(Error::NotFound("participant").into());
    }
    let room = Room::Session(id);
    app.realtime.close_holder(room, participant.uuid(), ErrorCode::Removed, REMOVED_MESSAGE, now).await?;
    Ok(StatusCode::NO_CONTENT)
}
