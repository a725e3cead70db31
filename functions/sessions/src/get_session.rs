use axum::{Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, PathId},
};
use model::SessionId;
use store::sessions;

use crate::session_view::SessionView;

/// Get a session
///
/// Returns a session of the caller with its last counts of participants and answers.
#[utoipa::path(
    get,
    path = "/v1/sessions/{id}",
    tag = "sessions",
    operation_id = "get_session",
    params(("id" = SessionId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = SessionView),
        (status = 401, body = ErrorBody),
        (status = 404, body = ErrorBody),
    )
)]
pub async fn get_session(
    State(app): State<App>,
    account: AccountCaller,
    PathId(id): PathId<SessionId>,
) -> ApiResult<Json<SessionView>> {
    let counted = sessions::get_owned_with_counts(&app.store, account.user, id, app.clock.now()).await?;
    Ok(Json(counted.into()))
}
