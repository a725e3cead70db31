use axum::{Extension, Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, PathId},
};
use model::{SessionId, session::SessionTransition};

use crate::{instance_state::InstanceState, lifecycle::apply_owner_transition, session_view::SessionView};

/// Resume a session
///
/// Resumes a paused session. The audience can answer again. Publishes `session_resumed` to the session.
#[utoipa::path(
    post,
    path = "/v1/sessions/{id}/resume",
    tag = "sessions",
    operation_id = "resume_session",
    params(("id" = SessionId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = SessionView),
        (status = 401, body = ErrorBody),
        (status = 404, body = ErrorBody),
        (status = 409, description = "The session is not paused", body = ErrorBody),
    )
)]
pub async fn resume_session(
    State(app): State<App>,
    Extension(state): Extension<InstanceState>,
    account: AccountCaller,
    PathId(id): PathId<SessionId>,
) -> ApiResult<Json<SessionView>> {
    let session = apply_owner_transition(&app, &state, account.user, id, SessionTransition::Resume).await?;
    Ok(Json(session))
}
