use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, PathId, ValidQuery},
};
use garde::Validate;
use http::{HeaderMap, StatusCode, header};
use model::{SessionId, report::SessionReport};
use serde::{Deserialize, Serialize};
use store::{ReadConsistency, sessions};
use utoipa::{IntoParams, ToSchema};

use super::{ReportStatus, find_report, page};

#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct GetReportQuery {
    /// Where nothing is said: a page to whoever accepts `text/html`, else JSON.
    #[garde(skip)]
    #[param(inline)]
    pub format: Option<ReportFormat>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReportFormat {
    Json,
    Html,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ReportPending {
    pub status: ReportStatus,
}

/// What a session came to: results of every slide, who took part when, questions, the assistant. For its owner, with names.
///
/// As a page it is whole in itself — no script, nothing is fetched — and made to be printed.
#[utoipa::path(
    get,
    path = "/v1/sessions/{id}/report",
    tag = "sessions",
    operation_id = "get_report",
    params(("id" = SessionId, Path), GetReportQuery),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, content((SessionReport = "application/json"), (String = "text/html"))),
        (status = 202, description = "it is being written", body = ReportPending),
        (status = 401, body = ErrorBody),
        (status = 404, description = "also where the session never started", body = ErrorBody),
        (status = 409, description = "the session has not ended", body = ErrorBody),
        (status = 422, body = ErrorBody),
    )
)]
pub async fn get_report(
    State(app): State<App>,
    account: AccountCaller,
    PathId(id): PathId<SessionId>,
    ValidQuery(asked): ValidQuery<GetReportQuery>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let now = app.clock.now();
    let session = sessions::get_owned(&app.store, account.user, id, ReadConsistency::Strong, now).await?;
    let report = find_report(&app, &session, now).await?;
    let as_page = asked.format.map_or_else(|| accepts_html(&headers), |format| format == ReportFormat::Html);
    let vary = [(header::VARY, "accept")];
    Ok(match (report, as_page) {
        (Some(report), false) => (vary, Json(report)).into_response(),
        (Some(report), true) => (vary, page::headers(), page::render_report(&report)?).into_response(),
        (None, false) => {
            let pending = Json(ReportPending { status: ReportStatus::Pending });
            (StatusCode::ACCEPTED, vary, pending).into_response()
        }
        (None, true) => {
            (StatusCode::ACCEPTED, vary, page::headers(), page::render_pending(&session)?).into_response()
        }
    })
}

fn accepts_html(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|one| {
        one.split(';').next().is_some_and(|essence| essence.trim().eq_ignore_ascii_case("text/html"))
    })
}
