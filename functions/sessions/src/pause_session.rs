use axum::{Extension, Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, PathId},
};
use model::{SessionId, session::SessionTransition};

use crate::{instance_state::InstanceState, lifecycle::apply_owner_transition, session_view::SessionView};

/// Pause a session
///
/// Pauses a running session. The audience can neither answer nor ask until the session is resumed. Publishes
/// `session_paused` to the session.
#[utoipa::path(
    post,
    path = "/v1/sessions/{id}/pause",
    tag = "sessions",
    operation_id = "pause_session",
    params(("id" = SessionId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = SessionView),
        (status = 401, body = ErrorBody),
        (status = 404, body = ErrorBody),
        (status = 409, description = "The session is not active", body = ErrorBody),
    )
)]
pub async fn pause_session(
    State(app): State<App>,
    Extension(state): Extension<InstanceState>,
    account: AccountCaller,
    PathId(id): PathId<SessionId>,
) -> ApiResult<Json<SessionView>> {
    let session = apply_owner_transition(&app, &state, account.user, id, SessionTransition::Pause).await?;
    Ok(Json(session))
}
