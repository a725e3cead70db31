//! `DELETE /v1/sessions/{id}/report/links`.

use axum::extract::State;
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, PathId},
};
use http::StatusCode;
use model::{Error, SessionId};
use store::{
    ReadConsistency, WriteOutcome,
    sessions::{self, reports},
};

/// Revoke the links to a report
///
/// Links to the report of a session of the caller do not open it any more, for example because the e-mail was forwarded. The
/// owner reads the report as before. Repeating the request changes nothing.
#[utoipa::path(
    delete,
    path = "/v1/sessions/{id}/report/links",
    tag = "sessions",
    operation_id = "revoke_report_links",
    params(("id" = SessionId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 204, description = "No link opens the report"),
        (status = 401, body = ErrorBody),
        (status = 404, description = "Not found, or the session has no report", body = ErrorBody),
    )
)]
pub async fn revoke_report_links(
    State(app): State<App>,
    account: AccountCaller,
    PathId(id): PathId<SessionId>,
) -> ApiResult<StatusCode> {
    let now = app.clock.now();
    sessions::get_owned(&app.store, account.user, id, ReadConsistency::Strong, now).await?;
    match reports::revoke_links(&app.store, id).await? {
        WriteOutcome::Applied(()) => Ok(StatusCode::NO_CONTENT),
        WriteOutcome::ConditionFailed => Err(Error::NotFound("the report of this session").into()),
    }
}
