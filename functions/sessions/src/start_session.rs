use axum::{Extension, Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, PathId},
};
use model::{SessionId, session::SessionTransition};

use crate::{instance_state::InstanceState, lifecycle::apply_owner_transition, session_view::SessionView};

/// Start a session
///
/// Starts a pending session. The audience can answer from now on. Publishes `session_started` to the session.
#[utoipa::path(
    post,
    path = "/v1/sessions/{id}/start",
    tag = "sessions",
    operation_id = "start_session",
    params(("id" = SessionId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = SessionView),
        (status = 401, body = ErrorBody),
        (status = 404, body = ErrorBody),
        (status = 409, description = "The session has been started before, or has ended", body = ErrorBody),
    )
)]
pub async fn start_session(
    State(app): State<App>,
    Extension(state): Extension<InstanceState>,
    account: AccountCaller,
    PathId(id): PathId<SessionId>,
) -> ApiResult<Json<SessionView>> {
    let session = apply_owner_transition(&app, &state, account.user, id, SessionTransition::Start).await?;
    Ok(Json(session))
}
