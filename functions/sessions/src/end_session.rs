use axum::{Extension, Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, PathId},
};
use model::{SessionId, session::SessionTransition};

use crate::{instance_state::InstanceState, lifecycle::apply_owner_transition, session_view::SessionView};

/// End a session
///
/// Ends a session for good. A session that was never started is cancelled. Publishes `session_ended` to the session,
/// closes its sockets, and requests its report.
#[utoipa::path(
    post,
    path = "/v1/sessions/{id}/end",
    tag = "sessions",
    operation_id = "end_session",
    params(("id" = SessionId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = SessionView),
        (status = 401, body = ErrorBody),
        (status = 404, body = ErrorBody),
        (status = 409, description = "The session has ended already", body = ErrorBody),
    )
)]
pub async fn end_session(
    State(app): State<App>,
    Extension(state): Extension<InstanceState>,
    account: AccountCaller,
    PathId(id): PathId<SessionId>,
) -> ApiResult<Json<SessionView>> {
    let session = apply_owner_transition(&app, &state, account.user, id, SessionTransition::End).await?;
    Ok(Json(session))
}
